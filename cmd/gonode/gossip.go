package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonode/cmd/gonode/internal/output"
	"gonode/config"
	"gonode/strategy/gossip"
)

// gossipFlags is what gossip can be told.
type gossipFlags struct {
	config   configFlags
	topology string
	count    int
	period   time.Duration
	log      logFlags
	out      outputFlags
}

// packetLine is a packet in the output of gossip.
type packetLine struct {
	Time      string `json:"time"`
	From      string `json:"from"`
	To        string `json:"to,omitempty"`
	Interface string `json:"interface,omitempty"`
	Size      int    `json:"size"`
	Frame     string `json:"frame"` // plain, secret, authenticated, or unknown
	Kind      string `json:"kind"`  // heartbeat, goodbye, or none if it could not be read
	Node      string `json:"node,omitempty"`
	Address   string `json:"address,omitempty"`
	Key       string `json:"key,omitempty"` // the id of the key, not the key
	Taken     bool   `json:"taken"`         // a node with this configuration would take it
	Drop      string `json:"drop,omitempty"`
	Why       string `json:"why,omitempty"`
}

func packetView() output.View[packetLine] {
	return output.View[packetLine]{
		Kind: "packets",
		Columns: []output.Column[packetLine]{
			{Head: "TIME", Cell: func(p packetLine) string { return p.Time }},
			{Head: "INTERFACE", Cell: func(p packetLine) string { return cmp.Or(p.Interface, "-") }},
			{Head: "FROM", Cell: func(p packetLine) string { return p.From }},
			{Head: "TO", Wide: true, Cell: func(p packetLine) string { return cmp.Or(p.To, "-") }},
			{Head: "FRAME", Cell: func(p packetLine) string { return p.Frame }},
			{Head: "KIND", Cell: func(p packetLine) string { return p.Kind }},
			{Head: "NODE", Cell: func(p packetLine) string { return cmp.Or(p.Node, "-") }},
			{Head: "ADDRESS", Wide: true, Cell: func(p packetLine) string { return cmp.Or(p.Address, "-") }},
			{Head: "KEY", Wide: true, Cell: func(p packetLine) string { return cmp.Or(p.Key, "-") }},
			{Head: "VERDICT", Cell: packetLine.verdict, Style: packetLine.style},
		},
		Name: func(p packetLine) string { return p.Node },
	}
}

func (p packetLine) verdict() string {
	if p.Taken {
		return "taken"
	}
	return "dropped: " + p.Why
}

func (p packetLine) style() output.Style {
	if p.Taken {
		return output.Good
	}
	return output.Warn
}

func (a *app) gossipCommand() *cobra.Command {
	f := &gossipFlags{}
	cmd := &cobra.Command{
		Use:   "gossip",
		Short: "Show heartbeats on the wire",
		Long: "Gossip listens where strategy gossip does, beside the nodes of this host, and prints every packet that comes: who\n" +
			"sent it, in which frame (plain, secret or authenticated), what it says, and whether a node with this configuration\n" +
			"would take it, that is whether our secret or one of our keys opens it. It sends nothing. It ends when it is\n" +
			"interrupted, after --count packets, or after --for.",
		Example: "  gonode gossip\n  gonode gossip -O groups=libcluster -O secret_file=/etc/gonode/gossip.secret\n" +
			"  gonode gossip -f /etc/gonode.yaml -o json --for 30s",
		Args: takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.gossip(cmd.Context(), f, cmd.Flags()); err != nil {
				return fmt.Errorf("gossip: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.config.add(fs)
	fs.StringVar(&f.topology, "topology", "", "listen where the topology of this `name` does (default the first with strategy gossip)")
	addValue(fs, &f.count, parseCount, "count", "c", "number", "", "end after so many packets; exit code 5 if there are fewer within --for")
	addPeriod(fs, &f.period, "for", 0, "end after this time")
	f.log.add(fs, "warn")
	f.out.add(fs)
	return cmd
}

// gossip prints packets until ctx is done, or as long as f says.
func (a *app) gossip(ctx context.Context, f *gossipFlags, fs *pflag.FlagSet) error {
	s, err := f.listener(a, fs)
	if err != nil {
		return err
	}
	listening := ctx
	if f.period > 0 {
		var cancel context.CancelFunc
		listening, cancel = context.WithTimeout(ctx, f.period)
		defer cancel()
	}
	n, out := 0, packetView().Stream(f.out.printer(a))
	for p, err := range s.Listen(listening) {
		if err != nil {
			return err
		}
		if err := out.Write(packetOf(p)); err != nil {
			return err
		}
		if n++; n == f.count {
			return nil
		}
	}
	if ctx.Err() == nil && n < f.count {
		return fmt.Errorf("%d of %d packets within %v: %w: is anybody sending to this group and port, on an interface of this host?",
			n, f.count, f.period, context.DeadlineExceeded)
	}
	return nil
}

// listener returns the strategy to listen with.
func (f *gossipFlags) listener(a *app, fs *pflag.FlagSet) (*gossip.Strategy, error) {
	if f.config.file == "" && len(f.config.strategies) == 0 {
		f.config.strategies = []string{"gossip"}
	}
	c, err := f.config.load(a, fs)
	if err != nil {
		return nil, err
	}
	if err := choose(c, f.topology); err != nil {
		return nil, err
	}
	log, _ := a.logger(&config.Config{LogLevel: f.log.level, LogFormat: f.log.format})
	sources, err := c.Sources(config.Env{Logger: log, Silent: true}, nil)
	if err != nil {
		return nil, &usageError{err}
	}
	for _, source := range sources.List() {
		if s, ok := source.Strategy.(*gossip.Strategy); ok {
			return s, nil
		}
	}
	return nil, &usageError{errors.New("no topology has strategy gossip")}
}

func packetOf(p gossip.Packet) packetLine {
	line := packetLine{
		Time: p.At.UTC().Format(textTime), From: p.From.String(), Interface: p.Interface, Size: p.Size,
		Frame: p.Frame.String(), Kind: p.Kind.String(), Node: p.Node, Address: p.Address, Key: p.Key, Taken: p.Err == nil,
	}
	if p.To.IsValid() {
		line.To = p.To.String()
	}
	if drop, ok := errors.AsType[gossip.Drop](p.Err); ok {
		line.Drop = drop.String()
	}
	if p.Err != nil {
		line.Why = strings.TrimPrefix(p.Err.Error(), "gossip: packet dropped: ")
		if p.Detail != "" {
			line.Why += ": " + p.Detail
		}
	}
	return line
}
