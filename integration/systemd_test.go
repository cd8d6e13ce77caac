//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxExposure is what systemd-analyze security may find at most, in tenths of its scale from 0 (shut) to 10 (open).
const maxExposure = "20"

// unit writes deploy/systemd/gonode.service with the built command in the place of the installed one, which is not there,
// after the given replacements.
func unit(t *testing.T, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile("../deploy/systemd/gonode.service")
	require.NoError(t, err)
	path, err := buildCommand()
	require.NoError(t, err)
	for i := 0; i < len(replace); i += 2 {
		require.Contains(t, string(text), replace[i])
	}
	changed := strings.NewReplacer(append(replace, "/usr/local/bin/gonode", path)...).Replace(string(text))
	file := filepath.Join(t.TempDir(), "gonode.service")
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
	return file
}

// TestSystemdUnit: systemd understands all of the unit and finds it hardened, and would say so if it did not.
func TestSystemdUnit(t *testing.T) {
	analyze := func(args ...string) (string, error) {
		out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
		return string(out), err
	}
	out, err := analyze("verify", unit(t))
	require.NoError(t, err, out)
	require.Empty(t, out)
	out, _ = analyze("verify", unit(t, "Type=notify", "Type=notify\nTpye=notify"))
	require.Contains(t, out, "Tpye")

	out, err = analyze("security", "--offline=true", "--threshold="+maxExposure, unit(t))
	require.NoError(t, err, out)
	_, err = analyze("security", "--offline=true", "--threshold="+maxExposure,
		unit(t, "PrivateUsers=yes\n", "", "DynamicUser=yes\n", "", "ProtectSystem=strict\n", "", "SystemCallFilter=@system-service\n", ""))
	require.Error(t, err)
}
