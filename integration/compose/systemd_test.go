package compose

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// privileges are what systemd needs in a container: what a machine gives it, but for what some engines don't have themselves.
func privileges() []string {
	return []string{
		"--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
		"--security-opt", "systempaths=unconfined", "--tmpfs", "/run", "--tmpfs", "/tmp", "--cgroupns", "host",
		"--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--env", "container=docker",
	}
}

// TestSystemd: the unit under a real systemd, with all its sandboxes: it starts when the node is there, reads the cookie that
// only root can, runs as nobody in particular, reads its configuration again, comes back when it is killed, and ends in order.
func TestSystemd(t *testing.T) {
	s := &stack{t: t, ctx: interruptible(t), project: project(t) + "-systemd"}
	name := s.project
	_, err := run(s.ctx, nil, "../images.sh", "gonode", "gonode-systemd")
	require.NoError(t, err, "exit status 3: there is no Docker engine")
	s.remove()
	t.Cleanup(s.remove)
	s.docker(t, append(append([]string{"run", "-d", "--name", name, "--label", s.label()}, privileges()...), "gonode-systemd")...)
	sh := func(script string) string { return s.docker(t, "exec", name, "sh", "-c", script) }
	show := func(property string) string { return sh("systemctl show gonode --value -p " + property) }
	s.docker(t, "cp", "../../bin/image/gonode", name+":/usr/local/bin/gonode")
	s.docker(t, "cp", "../../deploy/systemd/gonode.service", name+":/etc/systemd/system/gonode.service")
	sh(`umask 077; mkdir -p /etc/gonode; echo secret > /etc/gonode/cookie
		echo GONODE_NAME=go@127.0.0.1 > /etc/gonode/environment
		printf '%s\n' 'topologies: {nearby: {strategy: gossip}}' > /etc/gonode/gonode.yaml; chmod 644 /etc/gonode/gonode.yaml; chmod 755 /etc/gonode
		for i in $(seq 100); do systemctl is-system-running --wait > /dev/null 2>&1 && break; sleep 0.1; done`)

	t.Cleanup(func() {
		if t.Failed() {
			out, err := run(context.Background(), nil, "docker", "exec", name, "journalctl", "--no-pager", "-u", "gonode")
			t.Log(out, err)
		}
	})
	require.Contains(t, sh("systemctl daemon-reload && systemctl start gonode && gonode names"), "name go at port")
	pid := show("MainPID")
	status := strings.Fields(sh("cat /proc/" + pid + "/status"))
	for field, value := range map[string]string{"NoNewPrivs:": "1", "Seccomp:": "2", "CapEff:": "0000000000000000", "CapBnd:": "0000000000000000"} {
		require.Equal(t, value, after(status, field), field)
	}
	require.NotEqual(t, "0", after(status, "Uid:"))
	require.Equal(t, "Read-only file system", reason(sh("nsenter -t "+pid+" -m touch /etc/x 2>&1 || true")))

	sh("echo 'log_level: debug' >> /etc/gonode/gonode.yaml; systemctl reload gonode")
	for begin := time.Now(); !strings.Contains(sh("journalctl --no-pager -u gonode"), "configuration read again"); time.Sleep(50 * time.Millisecond) {
		require.Less(t, time.Since(begin), patience, "it does not read its configuration again")
	}
	require.Equal(t, pid, show("MainPID"))
	require.Equal(t, "0", show("NRestarts"))
	sh("systemctl kill -s KILL gonode")
	for begin := time.Now(); show("NRestarts") != "1" || show("ActiveState") != "active"; time.Sleep(50 * time.Millisecond) {
		require.Less(t, time.Since(begin), patience, "it does not come back")
	}
	require.NotEqual(t, pid, show("MainPID"))
	require.Contains(t, sh("gonode names"), "name go at port")

	sh("systemctl stop gonode")
	require.Equal(t, "success", show("Result"))
	require.Equal(t, "0", show("ExecMainStatus"))
	require.NotContains(t, sh("journalctl --no-pager -u gonode"), "secret")
}

// after returns the word that comes after another.
func after(words []string, word string) string {
	for i, w := range words {
		if w == word {
			return words[i+1]
		}
	}
	return ""
}

// reason returns what a program says after the last colon.
func reason(line string) string {
	return strings.TrimSpace(line[strings.LastIndex(line, ":")+1:])
}
