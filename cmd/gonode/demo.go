package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/epmd"
	"gonode/events"
	"gonode/node"
	"gonode/strategy"
	epmdstrategy "gonode/strategy/epmd"
)

// demoPause is between the scenes of a demo, for people to see what happens.
const demoPause = time.Second

// withDemo gives run the flags of the demo, which goes instead of a node.
func (a *app) withDemo(cmd *cobra.Command) *cobra.Command {
	var on bool
	var length time.Duration
	fs := cmd.Flags()
	fs.BoolVar(&on, "demo", false, "show three nodes in this process that find each other, and what to try next; needs nothing else")
	addPeriod(fs, &length, "demo-for", 0, "when the demo ends (default when it is interrupted)")
	cmd.Long += "\n\nWith --demo it runs three nodes on the loopback interface, with a cookie of their own; of the other flags only those\n" +
		"of the output and --epmd-port count."
	cmd.Example += "\n  gonode run --demo"
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !on {
			return run(cmd, args)
		}
		f := outputFlags{format: fs.Lookup("output").Value.String(), color: fs.Lookup("color").Value.String()}
		var port portFlags
		if text := fs.Lookup("epmd-port").Value.String(); text != "" {
			port.port, _ = parsePort(text) // the flag has taken it
		}
		if err := a.demo(cmd.Context(), f.printer(a), port, length); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		return nil
	}
	return cmd
}

// demo is the nodes of the demo, and what the first of them sees. One goroutine has it.
type demo struct {
	p      output.Printer
	events *eventPrinter
	sub    *events.Subscription // of the first node
	up     map[string]bool      // the others of the demo that are
	cookie string
	port   int // of epmd
}

// demoNames are the nodes of the demo. The first is watched, the last leaves and comes back.
func demoNames() []string {
	return []string{"demo1@127.0.0.1", "demo2@127.0.0.1", "demo3@127.0.0.1"}
}

// demo runs the demo until ctx is done, which is no error, or the output fails.
func (a *app) demo(ctx context.Context, p output.Printer, port portFlags, length time.Duration) (err error) {
	if length > 0 {
		timed, cancel := context.WithTimeout(ctx, length)
		defer cancel()
		ctx = timed
	}
	d := &demo{p: p, events: newEventPrinter(p), up: map[string]bool{}}
	if d.port, err = port.get(a); err != nil {
		return err
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	d.cookie = hex.EncodeToString(random[:])
	err = d.scenes(ctx)
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

// scenes shows all there is, and then what happens until ctx is done.
func (d *demo) scenes(ctx context.Context) error {
	names := demoNames()
	if err := d.say("%s, %s and %s start in this process and look for each other; this is what the first sees:", names[0], names[1], names[2]); err != nil {
		return err
	}
	first, err := d.start(ctx, names[0])
	if err != nil {
		return err
	}
	defer leave(first)
	d.sub = first.Events().Subscribe(ctx)
	defer d.sub.Close()
	second, err := d.start(ctx, names[1])
	if err != nil {
		return err
	}
	defer leave(second)
	third, err := d.start(ctx, names[2])
	if err != nil {
		return err
	}
	defer func() { leave(third) }() // the one that is called so by then
	for _, scene := range []func() error{
		func() error { return d.until(ctx, 2) },
		func() error { return d.during(ctx, demoPause) },
		func() error { return d.say("%s leaves", names[2]) },
		func() error { return leave(third) },
		func() error { return d.until(ctx, 1) },
		func() error { return d.during(ctx, demoPause) },
		func() error { return d.say("%s comes back", names[2]) },
		func() (err error) { third, err = d.again(ctx, third); return err },
		func() error { return d.until(ctx, 2) },
		d.next,
		func() error { return d.during(ctx, 0) },
	} {
		if err := scene(); err != nil {
			return err
		}
	}
	return nil
}

// again starts a node that has left, and returns the old one if that fails.
func (d *demo) again(ctx context.Context, old *node.Node) (*node.Node, error) {
	n, err := d.start(ctx, old.Name())
	if err != nil {
		return old, err
	}
	return n, nil
}

// start starts one of the nodes.
func (d *demo) start(ctx context.Context, name string) (*node.Node, error) {
	return node.Start(ctx, node.Config{
		Name:       name,
		Cookie:     d.cookie,
		EPMD:       epmd.Auto,
		EPMDPort:   d.port,
		Strategies: []strategy.Strategy{&epmdstrategy.Strategy{Nodes: demoNames()}},
	})
}

// until prints what happens until so many of the demo's other nodes are up.
func (d *demo) until(ctx context.Context, count int) error {
	for {
		if len(d.up) == count {
			return nil
		}
		if err := d.one(ctx); err != nil {
			return err
		}
	}
}

// during prints what happens for a time; 0 is until ctx is done.
func (d *demo) during(ctx context.Context, length time.Duration) error {
	timed := ctx
	if length > 0 {
		limited, cancel := context.WithTimeout(ctx, length)
		defer cancel()
		timed = limited
	}
	for {
		if err := d.one(timed); err != nil {
			if timed.Err() != nil && ctx.Err() == nil {
				return nil
			}
			return err
		}
	}
}

// one waits for an event and prints it.
func (d *demo) one(ctx context.Context) error {
	ev, err := d.sub.Next(ctx)
	if err != nil {
		return err
	}
	switch ev := ev.(type) {
	case events.NodeUp:
		if slices.Contains(demoNames(), ev.Node) {
			d.up[ev.Node] = true
		}
	case events.NodeDown:
		delete(d.up, ev.Node)
	}
	return d.events.print(ev)
}

// say tells people what happens; in JSON and the like there is nothing but events.
func (d *demo) say(format string, args ...any) error {
	if !d.p.Text() {
		return nil
	}
	if _, err := io.WriteString(d.p.W, d.p.Paint(output.Faint, "# "+fmt.Sprintf(format, args...))+"\n"); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// next says what to try. The cookie is printed since it is of no other use.
func (d *demo) next() error {
	if !d.p.Text() {
		return nil
	}
	env := ""
	if d.port != epmd.DefaultPort {
		env = fmt.Sprintf("ERL_EPMD_PORT=%d ", d.port)
	}
	first := demoNames()[0]
	_, err := fmt.Fprintf(d.p.W, `
They stay until you press Ctrl-C. Try, in another terminal (the cookie is of this demo alone):

  %[1]sgonode watch --cookie %[2]s %[3]s
  %[1]sgonode doctor --cookie %[2]s %[3]s
  %[1]serl -name me@127.0.0.1 -setcookie %[2]s

and in that erl:

  net_adm:ping('%[3]s').
  gen_server:call({cluster_events, '%[3]s'}, {subscribe, self(), [replay]}).
  flush().

`, env, d.cookie, first)
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}
