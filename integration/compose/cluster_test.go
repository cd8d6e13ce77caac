package compose

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// member is a node of the cluster.
type member struct {
	service string // its container
	node    string
	pod     string // the container that has its network, if that is another
	golang  bool
}

func (m member) host() string   { return m.node[strings.Index(m.node, "@")+1:] }
func (m member) atom() string   { return "'" + m.node + "'" }
func (m member) owner() string  { return cmp.Or(m.pod, m.service) }
func (m member) events() string { return "{cluster_events," + m.atom() + "}" }

// members are the nodes of docker-compose.yml, by name.
func members() []member {
	return []member{
		{service: "beam25", node: "beam@beam25.gonode.test"},
		{service: "beam27", node: "beam@beam27.gonode.test"},
		{service: "go1", node: "go@go1.gonode.test", golang: true},
		{service: "go2", node: "go@go2.gonode.test", golang: true, pod: "go2-epmd"},
	}
}

// list is the Erlang list of the names of members, but for those that are without.
func list(without ...member) string {
	var atoms []string
	for _, m := range members() {
		if !slices.Contains(without, m) {
			atoms = append(atoms, m.atom())
		}
	}
	return "[" + strings.Join(atoms, ",") + "]"
}

// others returns another BEAM than m, and another Go node.
func others(m member) (beam, golang member) {
	for _, o := range members() {
		switch {
		case o == m:
		case o.golang:
			golang = o
		default:
			beam = o
		}
	}
	return beam, golang
}

// meshed waits until all members but those without are connected to each other, and to nobody else. Erlang nodes say so
// themselves, Go nodes when they are asked for nodes().
func (s *stack) meshed(t *testing.T, without ...member) {
	t.Helper()
	begin := time.Now()
	for _, m := range members() {
		if slices.Contains(without, m) {
			continue
		}
		if !m.golang {
			s.await(t, m.service, list(append(without, m)...), "lists:sort(nodes())")
			continue
		}
		beam := members()[0]
		if slices.Contains(without, beam) {
			beam, _ = others(beam)
		}
		s.await(t, beam.service, list(append(without, m)...), fmt.Sprintf(
			"true = lists:member(%[1]s, nodes()), lists:sort(erpc:call(%[1]s, erlang, nodes, []))", m.atom()))
	}
	t.Logf("all have seen this within %v", since(begin))
}

// subscription is an Erlang process that subscribed to the events of a Go node.
type subscription struct {
	s     *stack
	at    member // the BEAM
	golem member // the Go node
}

// subscribe starts one, on a BEAM and at a Go node that are none of those not meant.
func (s *stack) subscribe(t *testing.T, not member) *subscription {
	t.Helper()
	beam, golang := others(not)
	sub := &subscription{s: s, at: beam, golem: golang}
	require.Equal(t, "ok", s.ask(t, beam.service, fmt.Sprintf(
		"catch gonode_test:stop(events), gonode_test:subscriber(events, %s, [info])", golang.events())))
	return sub
}

// got waits until these messages have come, and no others. Each is {nodeup, Node} or {nodedown, Node, Reason}.
func (sub *subscription) got(t *testing.T, want ...string) {
	t.Helper()
	sub.s.await(t, sub.at.service, "["+strings.Join(want, ",")+"]",
		"[case M of {nodedown, N, #{nodedown_reason := R}} -> {nodedown, N, R}; {K, N, _} -> {K, N} end || M <- gonode_test:recorded(events)]")
}

func up(m member) string                  { return "{nodeup," + m.atom() + "}" }
func down(m member, reason string) string { return "{nodedown," + m.atom() + "," + reason + "}" }

// TestMixedCluster: the cluster forms, loses and regains containers and networks, and is restarted node by node; those who
// look on in Erlang and Go are told exactly that.
func TestMixedCluster(t *testing.T) {
	s := newStack(t)
	for _, scene := range []struct {
		name string
		play func(*testing.T, *stack)
	}{
		{"Join", join},
		{"Image", image},
		{"Events", subscribers},
		{"Kill", kill},
		{"Disconnect", disconnect},
		{"Restart", restart},
	} {
		if !t.Run(scene.name, func(t *testing.T) { scene.play(t, s) }) {
			return // what comes after builds on it
		}
	}
}

// join: all find each other, the BEAMs being of the releases that they are meant to be, and each epmd of its kind.
func join(t *testing.T, s *stack) {
	s.meshed(t)
	for service, release := range map[string]string{"beam25": "25", "beam27": "27"} {
		require.Equal(t, `"`+release+`"`, s.ask(t, service, "erlang:system_info(otp_release)"))
	}
	for _, m := range members() {
		alive, _, _ := strings.Cut(m.node, "@")
		names := s.ask(t, "beam25", fmt.Sprintf(`[N || {ok, All} <- [erl_epmd:names(%q)], {N, _} <- All]`, m.host()))
		require.Equal(t, `["`+alive+`"]`, names, "the epmd of %s", m.host())
	}
	require.Contains(t, s.docker(t, "logs", s.container(t, "go1")), "synced")
	require.Contains(t, s.docker(t, "exec", s.container(t, "go2-epmd"), "epmd", "-names"), "name go at port")
}

// subscribers: every BEAM gets events from every Go node: a node that comes and one that goes.
func subscribers(t *testing.T, s *stack) {
	for _, beam := range []string{"beam25", "beam27"} {
		for _, golang := range members()[2:] {
			require.Equal(t, "ok", s.ask(t, beam, fmt.Sprintf("gonode_test:subscriber(%s, %s, [replay])", golang.service, golang.events())))
			s.await(t, beam, list(golang), fmt.Sprintf(
				"lists:sort([case M of {nodeup, N} -> N; _ -> M end || M <- gonode_test:recorded(%s)])", golang.service))
			require.Equal(t, "ok", s.ask(t, beam, fmt.Sprintf("gonode_test:stop(%s)", golang.service)))
		}
	}
}

// kill: a container is gone without a word. It is missed at once, and found again when it is back.
func kill(t *testing.T, s *stack) {
	for _, m := range members() {
		sub := s.subscribe(t, m)
		s.docker(t, "kill", s.container(t, m.service))
		begin := time.Now()
		sub.got(t, down(m, "connection_closed"))
		t.Logf("%s was missed within %v", m.service, since(begin))
		s.meshed(t, m)
		s.docker(t, "start", s.container(t, m.service))
		begin = time.Now()
		sub.got(t, down(m, "connection_closed"), up(m))
		t.Logf("%s was back within %v", m.service, since(begin))
		s.meshed(t)
	}
}

// disconnect: the network goes from under an Erlang node and from under a Go node: not even their interfaces stay. Both sides
// notice by their ticks. When it is there again, with other addresses maybe, all find each other.
func disconnect(t *testing.T, s *stack) {
	network := s.project + "_cluster"
	for _, m := range []member{members()[1], members()[2]} {
		sub := s.subscribe(t, m)
		s.docker(t, "network", "disconnect", network, s.container(t, m.owner()))
		begin := time.Now()
		sub.got(t, down(m, "net_tick_timeout"))
		t.Logf("%s was missed after %v", m.service, since(begin))
		s.meshed(t, m)
		s.alone(t, m)
		s.docker(t, "network", "connect", "--alias", m.host(), network, s.container(t, m.owner()))
		begin = time.Now()
		sub.got(t, down(m, "net_tick_timeout"), up(m))
		t.Logf("%s was back after %v", m.service, since(begin))
		s.meshed(t)
	}
}

// alone waits until a member that was cut off has missed all others: an Erlang node has none left, a Go node has printed that
// their ticks did not come.
func (s *stack) alone(t *testing.T, m member) {
	t.Helper()
	if !m.golang {
		s.await(t, m.service, "[]", "nodes()")
		return
	}
	missed := func(lines string, o member) bool {
		return slices.ContainsFunc(strings.Split(lines, "\n"), func(line string) bool {
			return strings.Contains(line, `"nodedown"`) && strings.Contains(line, o.node) && strings.Contains(line, "net_tick_timeout")
		})
	}
	for begin := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		lines := s.docker(t, "logs", s.container(t, m.service))
		if !slices.ContainsFunc(members(), func(o member) bool { return o != m && !missed(lines, o) }) {
			return
		}
		require.Less(t, time.Since(begin), patience, "%s printed: %s", m.service, lines)
	}
}

// restart: one after the other is stopped in order and started again. It says goodbye, nobody else is lost meanwhile, and it
// ends by itself.
func restart(t *testing.T, s *stack) {
	for _, m := range members() {
		sub := s.subscribe(t, m)
		begin := time.Now()
		s.docker(t, "stop", "-t", "10", s.container(t, m.service))
		require.Equal(t, "0", s.inspect(t, m.service, "{{.State.ExitCode}}"), "%s was killed, or ended with an error", m.service)
		t.Logf("%s ended after %v", m.service, since(begin))
		if m.pod != "" {
			s.docker(t, "restart", "-t", "1", s.container(t, m.pod))
		}
		s.docker(t, "start", s.container(t, m.service))
		sub.got(t, down(m, "connection_closed"), up(m))
		s.meshed(t)
	}
}

// TestInterrupt: whoever stops the tests in the middle leaves nothing behind.
func TestInterrupt(t *testing.T) {
	name := project(t) + "-x"
	ctx := interruptible(t)
	filter := "label=com.docker.compose.project=" + name
	count := func(what ...string) int {
		out, err := run(ctx, nil, "docker", append(what, "-q", "--filter", filter)...)
		require.NoError(t, err)
		return len(strings.Fields(out))
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestMixedCluster$", "-test.v")
	cmd.Env = append(os.Environ(), projectVariable+"="+name)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	for begin := time.Now(); count("ps") < 5; time.Sleep(100 * time.Millisecond) {
		require.Less(t, time.Since(begin), 2*time.Minute, "the cluster does not come up")
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, cmd.Wait(), "an interrupted test has failed")
	require.Contains(t, out.String(), "interrupt")
	require.Zero(t, count("ps", "-a"), out.String())
	require.Zero(t, count("network", "ls"), out.String())
}
