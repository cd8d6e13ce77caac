// Command gossipnode is a node of the tests of gossip, which run several in network namespaces of their own. It says what
// it hears and who is connected, a line each, and stops when standard input ends:
//
//	heard a@10.77.0.1 b@10.77.0.2
//	up a@10.77.0.1
//	down a@10.77.0.1
//
// The cookie, the secret and the keys come by environment: GONODE_COOKIE, GOSSIP_SECRET, GOSSIP_KEYS.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"gonode/epmd"
	"gonode/events"
	"gonode/node"
	"gonode/strategy"
	"gonode/strategy/gossip"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gossipnode:", err)
		os.Exit(1)
	}
}

func run() error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg := node.Config{Cookie: os.Getenv("GONODE_COOKIE"), EPMD: epmd.External, Logger: log}
	s := &gossip.Strategy{Secret: os.Getenv("GOSSIP_SECRET"), Logger: log}
	flag.StringVar(&cfg.Name, "name", "", "the node's name")
	flag.IntVar(&cfg.EPMDPort, "epmd", 0, "the port of epmd")
	flag.DurationVar(&cfg.TickTime, "tick", 0, "net_ticktime")
	flag.DurationVar(&s.Interval, "interval", 0, "between heartbeats")
	flag.TextVar(&s.Frames, "frames", gossip.FramesDefault, "compatible, authenticated, both")
	group := flag.String("group", "", "multicast group")
	flag.Parse()
	s.Self = cfg.Name
	if *group != "" {
		addr, err := netip.ParseAddr(*group)
		if err != nil {
			return err
		}
		s.Groups = []netip.Addr{addr}
	}
	for _, text := range strings.Fields(os.Getenv("GOSSIP_KEYS")) {
		key, err := gossip.ParseKey(text)
		if err != nil {
			return err
		}
		s.Keys = append(s.Keys, key)
	}
	cfg.Strategies = []strategy.Strategy{told(s)}
	return serve(cfg)
}

var printing sync.Mutex

func say(words ...any) {
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(words...)
}

// told is s, and says what it wants.
func told(s strategy.Strategy) strategy.Strategy {
	return strategy.Func(func(ctx context.Context, out chan<- strategy.Set) error {
		sets := make(chan strategy.Set)
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx, sets) }() // ends with ctx
		for {
			select {
			case set := <-sets:
				words := []any{"heard"}
				for _, n := range set.Nodes {
					words = append(words, n.Name)
				}
				say(words...)
				if err := strategy.Send(ctx, out, set); err != nil {
					return errors.Join(err, <-done)
				}
			case err := <-done:
				return err
			}
		}
	})
}

func serve(cfg node.Config) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() { // ends with standard input
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	for ev := range n.Events().Subscribe(ctx).All() {
		switch ev := ev.(type) {
		case events.NodeUp:
			say("up", ev.Node)
		case events.NodeDown:
			say("down", ev.Node)
		}
	}
	ending, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return n.Shutdown(ending)
}
