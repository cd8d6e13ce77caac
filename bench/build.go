package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"gonode/integration/beam"
)

//go:embed erlang/gonode_bench.erl
var erlangSource []byte

//go:embed cnode/cnode.c
var cSource []byte

// programs are what the peers run, in a folder that remove removes.
type programs struct {
	dir       string
	c, goPeer string
}

func (p *programs) remove() { os.RemoveAll(p.dir) }

// build compiles the programs that the columns need.
func build(ctx context.Context, lab *beam.Lab, o options) (*programs, error) {
	dir, err := os.MkdirTemp("", "gonode-bench-")
	if err != nil {
		return nil, err
	}
	p := &programs{dir: dir, c: filepath.Join(dir, "cnode"), goPeer: filepath.Join(dir, "peer")}
	if err := p.compile(ctx, lab, o); err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

func (p *programs) compile(ctx context.Context, lab *beam.Lab, o options) error {
	n, err := lab.Launch(ctx, beam.Options{Release: o.release})
	if err != nil {
		return err
	}
	defer n.Kill()
	erl := filepath.Join(p.dir, "gonode_bench.erl")
	if err := os.WriteFile(erl, erlangSource, 0o600); err != nil {
		return err
	}
	answer, err := n.Query(ctx, fmt.Sprintf("compile:file(%q, [report, warnings_as_errors, {outdir, %q}])", erl, p.dir))
	if err != nil {
		return err
	}
	if answer != "{ok,gonode_bench}" {
		return fmt.Errorf("gonode_bench.erl does not compile: %s\n%s", answer, n.Log())
	}
	if slices.ContainsFunc(o.columns, func(c string) bool { return strings.HasPrefix(c, "go") }) {
		if err := run(exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", p.goPeer, "gonode/bench/peer")); err != nil {
			return err
		}
	}
	if !slices.Contains(o.columns, "c") {
		return nil
	}
	lib, err := n.Query(ctx, "list_to_atom(code:lib_dir(erl_interface))")
	if err != nil {
		return fmt.Errorf("the C node needs libei (Debian's erlang-dev), or leave it out with -peers: %w", err)
	}
	return p.compileC(ctx, strings.Trim(lib, "'"))
}

func (p *programs) compileC(ctx context.Context, lib string) error {
	source := p.c + ".c"
	if err := os.WriteFile(source, cSource, 0o600); err != nil {
		return err
	}
	return run(exec.CommandContext(ctx, "cc", "-O2", "-I"+filepath.Join(lib, "include"), "-o", p.c, source,
		"-L"+filepath.Join(lib, "lib"), "-lei", "-lpthread"))
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
