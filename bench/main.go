package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"time"

	"gonode/integration/beam"
)

// options are the flags.
type options struct {
	release string
	rounds  int
	scale   float64
	only    *regexp.Regexp // of workloads
	columns []string
	erl     []string
	profile string
	also    string
	codec   time.Duration
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2) // flag has told why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.release, "otp", "25", "Erlang/OTP release to measure beside")
	f.IntVar(&o.rounds, "rounds", 5, "how often everything is measured")
	f.Float64Var(&o.scale, "scale", 1, "do so many times the usual work")
	only := f.String("run", "", "only the workloads whose function matches this expression: small_in")
	columns := f.String("peers", "c,go,go1,gogo", "what to measure besides the BEAM: c (node), go, go1 (with GOMAXPROCS=1), gogo (two Go nodes), also")
	erl := f.String("erl", "+sbwt medium +sbwtdcpu short +sbwtdio short", "arguments of erl; as given, Erlang's defaults")
	f.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of the Go node in the last round to this file")
	f.StringVar(&o.also, "also", "", "program of bench/peer, as another tree made it, to measure as the peer \"also\"; its flags may follow")
	f.DurationVar(&o.codec, "codec", 100*time.Millisecond, "how long to measure each term of the codec, each way; 0 for not at all")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if strings.Contains(*columns, "also") && strings.TrimSpace(o.also) == "" {
		fmt.Fprintln(f.Output(), "-peers also: which? Name it with -also PROGRAM")
		return o, errors.New("no program")
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintln(f.Output(), "-run:", err)
		return o, err
	}
	o.columns = append([]string{"beam"}, strings.FieldsFunc(*columns, func(r rune) bool { return r == ',' })...)
	o.erl = strings.Fields(*erl)
	return o, nil
}

// bench measures and prints the tables to out, and what it is at to progress.
func bench(ctx context.Context, o options, out, progress io.Writer) error {
	lab, err := beam.Open()
	if err != nil {
		return err
	}
	programs, err := build(ctx, lab, o)
	if err != nil {
		return err
	}
	defer programs.remove()
	res := newResults(o)
	for round := range o.rounds {
		if err := measure(ctx, lab, programs, o, round, res, progress); err != nil {
			return err
		}
	}
	res.print(out)
	return nil
}

// measure does one round with fresh processes.
func measure(ctx context.Context, lab *beam.Lab, p *programs, o options, round int, res *results, progress io.Writer) error {
	s, err := startAll(ctx, lab, p, o, round == o.rounds-1)
	if err != nil {
		return err
	}
	defer s.stop()
	for _, w := range workloads() {
		if !o.only.MatchString(w.function) {
			continue
		}
		n := max(1, int(float64(w.n)*o.scale))
		for i := range s.columns {
			c := s.columns[(i+round)%len(s.columns)]
			a, b, err := c.measure(ctx, w.function, n)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", w.function, c.name, err)
			}
			fmt.Fprintf(progress, "round %d  %-11s %-5s %s\n", round+1, w.function, c.name, w.show(a, b))
			res.add(w, c.name, a, b)
		}
	}
	for _, c := range s.columns {
		if kb, err := peakMemory(c.pid); err == nil {
			res.addMemory(c.name, kb)
		}
	}
	if o.codec > 0 {
		return res.codec.measure(ctx, s.driver, o.codec)
	}
	return nil
}
