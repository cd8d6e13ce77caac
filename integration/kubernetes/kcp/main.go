// Command kcp runs the control plane of the tests until it is interrupted, to try things by hand with kubectl or gonode. Run
// it with `go run ./integration/kubernetes/kcp`, from the root of the project.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"gonode/integration/kubernetes/controlplane"
)

// patience is for the start.
const patience = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "kcp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	programs, err := controlplane.Programs(ctx, "integration/kubernetes/build.sh")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "kcp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	starting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cp, err := controlplane.Start(starting, controlplane.Config{Programs: programs, Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cp.Stop()) }()
	config := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(config, cp.Kubeconfig("", ""), 0o600); err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n", config)
	<-ctx.Done()
	return nil
}
