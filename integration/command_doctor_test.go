package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gonode/dist"
	"gonode/epmd"
	"gonode/integration/beam"
	"gonode/node"
)

// finding is what doctor prints of one thing.
type finding struct {
	Level, Check, Subject, Cause, Text, Fix string
	Exit                                    int
}

// doctor runs the command and returns what is not well.
func (c *cluster) doctor(code int, args ...string) (bad, others []finding) {
	c.t.Helper()
	var got struct {
		Kind  string
		Items []finding
	}
	c.exits(code, append([]string{"doctor", "-o", "json"}, args...)...).decode(&got)
	require.Equal(c.t, "doctor", got.Kind)
	for _, f := range got.Items {
		switch {
		case f.Level == "bad":
			bad = append(bad, f)
		case f.Cause != "":
			others = append(others, f)
		}
		if f.Cause != "" {
			require.NotEmpty(c.t, f.Text)
		}
	}
	return bad, others
}

// diagnoses checks that doctor finds exactly one thing wrong, and which.
func (c *cluster) diagnoses(code int, cause string, args ...string) finding {
	c.t.Helper()
	bad, _ := c.doctor(code, args...)
	require.Len(c.t, bad, 1)
	require.Equal(c.t, cause, bad[0].Cause, bad[0].Text)
	require.Equal(c.t, code, bad[0].Exit)
	require.NotEmpty(c.t, bad[0].Fix)
	return bad[0]
}

// TestDoctorWell: nothing wrong, in a cluster of a BEAM of each release that gets on with the others, and a Go node.
func TestDoctorWell(t *testing.T) {
	c := newCluster(t, "27")
	a := c.beam("25", "a")
	c.beam("27", "b")
	c.goNode("go")
	eval(t, a, "[pong,pong]", "[net_adm:ping(N) || N <- ['b@127.0.0.1', 'go@127.0.0.1']]")
	evalWithin(t, patience, a, "2", "length(nodes())")
	time.Sleep(200 * time.Millisecond) // b and go hear of each other
	bad, _ := c.doctor(0, "a@127.0.0.1")
	require.Empty(t, bad)
	c.exits(0, "doctor", "a@127.0.0.1", "b@127.0.0.1", "go@127.0.0.1").says("mesh: all of 3 visible nodes see each other")
	c.exits(0, "doctor", "-o", "wide").says("hostname", "epmd: runs on this host and knows")
}

// TestDoctorPath: each step on the way to a node, broken.
func TestDoctorPath(t *testing.T) {
	parent := newCluster(t, "27")
	a := parent.beam("27", "a")
	sub := func(name string, test func(*testing.T, *cluster)) {
		t.Run(name, func(t *testing.T) { test(t, &cluster{t, parent.epmd}) })
	}
	client := epmd.Client{Port: parent.epmd.Port}
	register := func(name string, port int) {
		r, err := client.Register(t.Context(), "127.0.0.1", epmd.Node{Name: name, Port: uint16(port)})
		require.NoError(t, err)
		t.Cleanup(func() { r.Close() })
	}
	step := []string{"--step-timeout", "500ms"}
	with := func(args ...string) []string { return append(step, args...) }

	sub("short name asked from a long one", func(t *testing.T, c *cluster) {
		c.diagnoses(2, "name_form", "--name", "me@127.0.0.1", "a@localhost")
	})
	sub("the long name of a node that has a short one", func(t *testing.T, c *cluster) {
		c.beam("27", "s", func(o *beam.Options) { o.Name = "s@localhost" })
		f := c.diagnoses(4, "name_form", "s@127.0.0.1")
		require.Contains(t, f.Text, "it is s@localhost, a short name")
	})
	sub("an epmd that is out of date", func(t *testing.T, c *cluster) {
		register("old", a.DistPort(t))
		f := c.diagnoses(4, "wrong_name", "old@127.0.0.1")
		require.Contains(t, f.Text, "the node there is a@127.0.0.1")
	})
	sub("no such host", func(t *testing.T, c *cluster) { c.diagnoses(3, "dns", "a@host..invalid") })
	sub("no epmd", func(t *testing.T, c *cluster) {
		c.diagnoses(3, "no_epmd", "--epmd-port", itoa(freePort(t)), "a@127.0.0.1")
	})
	sub("epmd on loopback only", func(t *testing.T, c *cluster) {
		f := c.diagnoses(3, "epmd_loopback", "--name", "me@127.0.0.1", "a@127.0.0.3")
		require.Contains(t, f.Text, "epmd listens on 127.0.0.1 of this host, but not at 127.0.0.3")
	})
	sub("epmd filtered", func(t *testing.T, c *cluster) {
		c.diagnoses(5, "epmd_filtered", with("--epmd-port", itoa(filtered(t)), "a@127.0.0.1")...)
	})
	sub("misspelt", func(t *testing.T, c *cluster) {
		require.Equal(t, "did you mean a@127.0.0.1?", c.diagnoses(3, "not_registered", "ab@127.0.0.1").Fix)
	})
	sub("port closed", func(t *testing.T, c *cluster) {
		register("closed", freePort(t))
		c.diagnoses(3, "port_closed", "closed@127.0.0.1")
	})
	sub("port filtered", func(t *testing.T, c *cluster) {
		register("filtered", filtered(t))
		c.diagnoses(5, "port_filtered", with("filtered@127.0.0.1")...)
	})
	sub("no node of Erlang", func(t *testing.T, c *cluster) {
		register("fake", c.epmd.Port)
		c.diagnoses(4, "not_erlang", "fake@127.0.0.1")
	})
	sub("wrong cookie", func(t *testing.T, c *cluster) { c.diagnoses(4, "cookie", "--cookie", "wrong", "a@127.0.0.1") })
	sub("not allowed", func(t *testing.T, c *cluster) {
		n := c.beam("27", "picky")
		eval(t, n, "ok", "net_kernel:allow(['friend@127.0.0.1'])")
		c.diagnoses(4, "not_allowed", "picky@127.0.0.1")
		bad, _ := c.doctor(0, "--name", "friend@127.0.0.1", "picky@127.0.0.1")
		require.Empty(t, bad)
	})
	sub("flags are missing", func(t *testing.T, c *cluster) {
		c.goNode("poor", func(cfg *node.Config) { cfg.Flags = dist.Visible &^ (dist.FlagMandatory25Digest | dist.FlagUTF8Atoms) })
		require.Contains(t, c.diagnoses(4, "flags", "poor@127.0.0.1").Text, "UTF8_ATOMS")
	})
	sub("the name is in use", func(t *testing.T, c *cluster) {
		b := c.beam("27", "b")
		eval(t, b, "pong", "net_adm:ping('a@127.0.0.1')")
		c.diagnoses(4, "name_in_use", "--name", "b@127.0.0.1", "a@127.0.0.1")
		eval(t, b, "['a@127.0.0.1']", "nodes()")
		b.Kill()
	})
	sub("TLS on the other side", func(t *testing.T, c *cluster) {
		file := certificate(t)
		c.beam("27", "tls", func(o *beam.Options) {
			o.Args = []string{"-proto_dist", "inet_tls", "-ssl_dist_opt", "server_certfile", file}
		})
		c.diagnoses(4, "tls", "tls@127.0.0.1")
	})
	sub("stopped", func(t *testing.T, c *cluster) {
		require.NoError(t, a.Stop())
		defer a.Cont()
		c.diagnoses(5, "node_hangs", with("a@127.0.0.1")...)
	})
}

// TestDoctorCluster: nodes that can be reached, and are not as one.
func TestDoctorCluster(t *testing.T) {
	cluster := func(t *testing.T, releases [2]string, change ...func(*beam.Options)) (*cluster, *beam.Node, *beam.Node) {
		c := newCluster(t, "27")
		return c, c.beam(releases[0], "a", change...), c.beam(releases[1], "b", change...)
	}
	args := func(args ...string) func(*beam.Options) {
		return func(o *beam.Options) { o.Args = append(o.Args, args...) }
	}
	t.Run("never introduced", func(t *testing.T) {
		c, _, _ := cluster(t, [2]string{"27", "27"})
		f := c.diagnoses(1, "mesh_hole", "a@127.0.0.1", "b@127.0.0.1")
		require.Equal(t, "a@127.0.0.1 b@127.0.0.1", f.Subject)
	})
	t.Run("connect_all is off", func(t *testing.T) {
		c, a, _ := cluster(t, [2]string{"27", "27"}, args("-connect_all", "false"))
		c.beam("27", "c", args("-connect_all", "false"))
		eval(t, a, "[pong,pong]", "[net_adm:ping(N) || N <- ['b@127.0.0.1', 'c@127.0.0.1']]")
		f := c.diagnoses(1, "connect_all", "a@127.0.0.1")
		require.Equal(t, "b@127.0.0.1 c@127.0.0.1", f.Subject)
	})
	t.Run("releases that refuse each other", func(t *testing.T) {
		c, a, _ := cluster(t, [2]string{"23", "27"})
		eval(t, a, "pang", "net_adm:ping('b@127.0.0.1')")
		bad, _ := c.doctor(1, "a@127.0.0.1", "b@127.0.0.1")
		require.Len(t, bad, 1)
		require.Equal(t, "flags", bad[0].Cause)
		require.Contains(t, bad[0].Fix, "upgrade a@127.0.0.1")
	})
	t.Run("ticks differ", func(t *testing.T) {
		c := newCluster(t, "27")
		a := c.beam("27", "a", args("-kernel", "net_ticktime", "8"))
		c.beam("27", "b")
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		require.Contains(t, c.diagnoses(1, "net_ticktime", "a@127.0.0.1").Text, "8s on a@127.0.0.1, 1m0s on b@127.0.0.1")
	})
	t.Run("partitions differ", func(t *testing.T) {
		c := newCluster(t, "27")
		a := c.beam("27", "a", args("-kernel", "prevent_overlapping_partitions", "false"))
		c.beam("27", "b")
		eval(t, a, "pong", "net_adm:ping('b@127.0.0.1')")
		bad, others := c.doctor(0, "a@127.0.0.1")
		require.Empty(t, bad)
		require.Contains(t, causes(others), "prevent_overlapping_partitions")
	})
	t.Run("hidden", func(t *testing.T) {
		c := newCluster(t, "27")
		a := c.beam("27", "a")
		c.beam("27", "h", func(o *beam.Options) { o.Hidden = true })
		eval(t, a, "pong", "net_adm:ping('h@127.0.0.1')")
		bad, others := c.doctor(0, "a@127.0.0.1")
		require.Empty(t, bad)
		require.Contains(t, causes(others), "hidden")
	})
	t.Run("cookies differ", func(t *testing.T) {
		c := newCluster(t, "27")
		c.beam("27", "a")
		c.beam("27", "b", func(o *beam.Options) { o.Cookie = "other" })
		f := c.diagnoses(4, "cookie", "a@127.0.0.1", "b@127.0.0.1")
		require.Equal(t, "b@127.0.0.1", f.Subject)
	})
}

func causes(all []finding) string {
	var words []string
	for _, f := range all {
		words = append(words, f.Cause)
	}
	return strings.Join(words, " ")
}

// filtered returns a port whose connections are never answered, as behind a firewall: its backlog is full.
func filtered(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	port := name.(*syscall.SockaddrInet4).Port
	for range 8 { // until one is not taken any more
		nc, err := net.DialTimeout("tcp", "127.0.0.1:"+itoa(port), 200*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { nc.Close() })
	}
	require.FailNow(t, "the backlog never fills")
	return 0
}

// certificate writes a self-signed certificate with its key.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "node.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}
