// Command peer is the Go side of the benchmarks: a node with three actors, and the driver that measures another such
// node from Go. gonode/bench starts it and tells it what to do on standard input; it ends when that ends.
//
//	peer -name go@127.0.0.1 -cookie secret -epmd 4369
//
// It prints ready, and then one line for each line it reads. A line "small_in PEER N" measures, as the function of that
// name in gonode_bench.erl does, and is answered with two numbers, or with error and why.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"

	"gonode/epmd"
	"gonode/node"
)

func main() {
	var cfg node.Config
	flag.StringVar(&cfg.Name, "name", "go@127.0.0.1", "full name of the node")
	flag.StringVar(&cfg.Cookie, "cookie", "", "cookie")
	flag.IntVar(&cfg.EPMDPort, "epmd", 0, "port of the epmd to register with")
	profile := flag.String("cpuprofile", "", "write a CPU profile to this file")
	procs := flag.Int("procs", 0, "GOMAXPROCS; 0 leaves it as it is")
	flag.Parse()
	runtime.GOMAXPROCS(*procs)
	cfg.EPMD = epmd.External
	if err := profiled(*profile, func() error { return run(cfg, os.Stdin, os.Stdout) }); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// profiled runs f, with the profile that is asked for.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, out.Close())
}

// run is the life of the peer.
func run(cfg node.Config, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer n.Shutdown(ctx)
	if err := serve(n); err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		a, b, err := command(ctx, n, lines.Text())
		if err != nil {
			fmt.Fprintln(out, "error", err)
			continue
		}
		fmt.Fprintln(out, a, b)
	}
	return lines.Err()
}

// command does what a line asks for.
func command(ctx context.Context, n *node.Node, line string) (a, b int64, err error) {
	var workload, peer string
	var count int
	if _, err := fmt.Sscan(line, &workload, &peer, &count); err != nil {
		return 0, 0, fmt.Errorf("%q: want WORKLOAD PEER N: %w", line, err)
	}
	return drive(ctx, n, workload, peer, count)
}
