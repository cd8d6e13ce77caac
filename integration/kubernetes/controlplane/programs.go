package controlplane

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs returns the folder with etcd and kube-apiserver. script is the path of build.sh, which builds them.
func Programs(ctx context.Context, script string) (string, error) {
	cmd := exec.CommandContext(ctx, script, "--dir")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s --dir: %w", script, err)
	}
	dir := strings.TrimSpace(string(out))
	if _, err := os.Stat(filepath.Join(dir, "complete")); err != nil {
		return "", fmt.Errorf("these tests need kube-apiserver and etcd in %s, and they are not there: run `make kubernetes` "+
			"(integration/kubernetes/build.sh), which takes some minutes", dir)
	}
	return dir, nil
}
