package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// How long the programs are given to end.
const (
	apiServerGrace = 20 * time.Second
	etcdGrace      = 10 * time.Second
)

// Config says which programs to run and where they may write. Both are required.
type Config struct {
	Programs string // folder with etcd and kube-apiserver; see Programs
	Dir      string // empty folder for keys, data and logs; a short path, since there will be a unix socket in it
}

// ControlPlane is a running etcd with a kube-apiserver. Use it from one goroutine at a time.
type ControlPlane struct {
	URL       string // https://127.0.0.1:port
	Authority []byte // certificate of the CA that signed the server's, PEM

	// AdminCert and AdminKey are a client certificate of group system:masters and its key, PEM.
	AdminCert, AdminKey []byte

	cfg        Config
	port       int
	etcd, apis *process
}

// Start starts both programs and returns when the API server is ready. Stop must be called in the end.
func Start(ctx context.Context, cfg Config) (*ControlPlane, error) {
	cp := &ControlPlane{cfg: cfg}
	if err := cp.start(ctx); err != nil {
		return nil, errors.Join(err, cp.Stop())
	}
	return cp, nil
}

func (cp *ControlPlane) start(ctx context.Context) error {
	if err := cp.writeKeys(); err != nil {
		return err
	}
	if err := cp.startEtcd(ctx); err != nil {
		return err
	}
	// kube-apiserver does not take port 0, and somebody else may take a port that was free just now.
	for try := 1; ; try++ {
		port, err := freePort()
		if err != nil {
			return err
		}
		cp.port, cp.URL = port, fmt.Sprintf("https://127.0.0.1:%d", port)
		err = cp.StartAPIServer(ctx)
		if err == nil || try == 3 || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
	}
}

// path returns the path of a file in the folder.
func (cp *ControlPlane) path(name string) string { return filepath.Join(cp.cfg.Dir, name) }

// startEtcd starts etcd on a unix socket, where nobody else reaches it.
func (cp *ControlPlane) startEtcd(ctx context.Context) error {
	socket := cp.path("etcd.sock")
	p, err := start(cp.path("etcd.log"), filepath.Join(cp.cfg.Programs, "etcd"),
		"--data-dir="+cp.path("etcd"),
		"--listen-client-urls=unix://"+socket,
		"--advertise-client-urls=http://127.0.0.1:0", // nobody uses it
		"--listen-peer-urls=http://127.0.0.1:0",      // the same
		"--log-level=warn",
		"--unsafe-no-fsync")
	if err != nil {
		return err
	}
	cp.etcd = p
	return p.await(ctx, "etcd", func() error {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// StartAPIServer starts kube-apiserver, at the address it had before if it was stopped, and waits until it is ready.
func (cp *ControlPlane) StartAPIServer(ctx context.Context) error {
	p, err := start(cp.path("apiserver.log"), filepath.Join(cp.cfg.Programs, "kube-apiserver"), cp.arguments()...)
	if err != nil {
		return err
	}
	cp.apis = p
	client, err := cp.adminClient()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	return p.await(ctx, "kube-apiserver", func() error {
		answer, err := client.Get(cp.URL + "/readyz")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(io.LimitReader(answer.Body, 2000))
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", answer.Status, bytes.TrimSpace(text))
		}
		return err
	})
}

// arguments are what kube-apiserver is started with.
func (cp *ControlPlane) arguments() []string {
	return []string{
		"--etcd-servers=unix://" + cp.path("etcd.sock"),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(cp.port),
		"--endpoint-reconciler-type=none", // no Endpoints for the server itself, which may not be at 127.0.0.1
		"--tls-cert-file=" + cp.path("apiserver.crt"),
		"--tls-private-key-file=" + cp.path("apiserver.key"),
		"--client-ca-file=" + cp.path("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + cp.path("sa.pub"),
		"--service-account-signing-key-file=" + cp.path("sa.key"),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=RBAC",
		"--anonymous-auth=false",
		"--profiling=false",
		"--shutdown-watch-termination-grace-period=2s", // else it would wait for whoever watches
		"--v=1",
	}
}

// await waits until ready returns nil.
func (p *process) await(ctx context.Context, what string, ready func() error) error {
	retry := time.NewTicker(25 * time.Millisecond)
	defer retry.Stop()
	for {
		last := ready()
		if last == nil {
			return nil
		}
		select {
		case <-retry.C:
		case <-p.done:
			return fmt.Errorf("%s ended at once: %w; it wrote:\n%s", what, p.err, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w (%w); it wrote:\n%s", what, last, ctx.Err(), p.tail())
		}
	}
}

// StopAPIServer stops kube-apiserver in order; etcd keeps the objects.
func (cp *ControlPlane) StopAPIServer() error { return cp.apis.stop(apiServerGrace) }

// KillAPIServer ends kube-apiserver with SIGKILL.
func (cp *ControlPlane) KillAPIServer() { cp.apis.kill() }

// Stop stops both programs.
func (cp *ControlPlane) Stop() error {
	return errors.Join(cp.apis.stop(apiServerGrace), cp.etcd.stop(etcdGrace))
}

// Log returns the end of what kube-apiserver wrote.
func (cp *ControlPlane) Log() string { return cp.apis.tail() }

// freePort returns a TCP port of the loopback interface that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
