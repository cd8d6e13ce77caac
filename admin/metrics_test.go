package admin

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"gonode/events"
	"gonode/hooks"
	"gonode/node"
)

// scrape asks for the metrics and reads them as Prometheus does.
func scrape(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	code, body := get(t, url+"/metrics")
	require.Equal(t, 200, code, body)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	require.NoError(t, err)
	return families
}

// value returns a sample by its labels, given as name=value, sorted.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	require.Contains(t, families, name)
	for _, m := range families[name].Metric {
		var got []string
		for _, l := range m.Label {
			got = append(got, l.GetName()+"="+l.GetValue())
		}
		if slices.Equal(got, labels) {
			return cmp.Or(m.Gauge.GetValue(), m.Counter.GetValue(), float64(m.Histogram.GetSampleCount()))
		}
	}
	require.Fail(t, "no such sample", "%s %v in %v", name, labels, families[name])
	return 0
}

// busy is a node at which every metric has samples: peers up and gone, discovery, a hook, a reader of events.
func busy(t *testing.T) (n *node.Node, url string) {
	t.Helper()
	port := freePort(t)
	source := make(fed)
	a, b := start(t, "a", port, discovers(source)), start(t, "b", port)
	runner, err := hooks.New(hooks.Config{Self: a.Name(), Hub: a.Events(), Hooks: []hooks.Hook{{Name: "it", Command: []string{"true"}}}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }() // ends with the test
	t.Cleanup(func() { cancel(); <-ended })
	source.say("b", "nobody")
	require.NoError(t, a.WaitMembers(within(t), 1))
	require.True(t, a.Disconnect(b.Name()))
	require.Eventually(t, func() bool { return a.Past(b.Name()).Connects == 2 && len(a.Nodes()) == 1 }, patience, time.Millisecond)
	// Only now: an answer of b that is under way when the connection ends makes it connect to a.
	_, url = serve(t, a, Config{Version: "v1", Hooks: runner.Stats, PingInterval: 20 * time.Millisecond})
	require.Eventually(t, func() bool {
		return runner.Stats()[0].OK >= 3 && strings.Contains(fmt.Sprint(scrape(t, url)["gonode_link_round_trip_seconds"]), "b@")
	}, patience, 5*time.Millisecond)
	return a, url
}

// TestMetrics: the samples say what has happened.
func TestMetrics(t *testing.T) {
	a, url := busy(t)
	got := scrape(t, url)
	require.EqualValues(t, 1, value(t, got, "gonode_build_info", "version=v1"))
	require.EqualValues(t, 1, value(t, got, "gonode_links", "kind=visible", "via=discovery"))
	require.EqualValues(t, 0, value(t, got, "gonode_links", "kind=hidden", "via=peer"))
	require.EqualValues(t, 2, value(t, got, "gonode_handshakes_total", "direction=out", "result=ok"))
	require.EqualValues(t, 0, value(t, got, "gonode_handshakes_total", "direction=in", "result=cookie"))
	require.EqualValues(t, 1, value(t, got, "gonode_reconnects_total"))
	require.EqualValues(t, 1, value(t, got, "gonode_nodedowns_total", "reason=disconnect"))
	require.EqualValues(t, 3, value(t, got, "gonode_hook_runs_total", "hook=it", "result=ok"))
	require.EqualValues(t, 2, value(t, got, "gonode_discovery_nodes", "source=test"))
	require.EqualValues(t, 1, value(t, got, "gonode_discovery_up", "source=test"))
	require.EqualValues(t, 1, value(t, got, "gonode_discovery_answers_total", "outcome=full", "source=test"))
	require.EqualValues(t, 2, value(t, got, "gonode_discovery_dials_total", "result=ok", "source=test"))
	require.Positive(t, value(t, got, "gonode_discovery_dials_total", "result=failed", "source=test"))
	require.Positive(t, value(t, got, "gonode_dials_failed_total", "stage=address"))
	require.EqualValues(t, 1, value(t, got, "gonode_wanted_nodes", "state=up"))
	require.EqualValues(t, 1, value(t, got, "gonode_ready"))
	require.Positive(t, value(t, got, "gonode_round_trip_seconds"))
	require.Positive(t, value(t, got, "gonode_link_round_trip_seconds", "peer=b@127.0.0.1"))
	require.Positive(t, value(t, got, "gonode_events_total"))
	require.GreaterOrEqual(t, float64(a.Events().Stats().Published), value(t, got, "gonode_events_total"))
	require.Positive(t, value(t, got, "gonode_http_requests_total", "code=200", "path=/metrics"))
	require.Contains(t, got, "go_goroutines")
	require.Contains(t, got, "process_resident_memory_bytes")

	peer := a.Nodes()[0]
	require.GreaterOrEqual(t, value(t, scrape(t, url), "gonode_link_sent_bytes_total", "peer=b@127.0.0.1"), float64(peer.BytesOut))
	require.Greater(t, value(t, got, "gonode_sent_bytes_total"), value(t, got, "gonode_link_sent_bytes_total", "peer=b@127.0.0.1"),
		"the sum has the connection that ended, too")
}

// TestPingerLooksOnOnly: round trips neither connect nor make a connection the application's.
func TestPingerLooksOnOnly(t *testing.T) {
	a, url := busy(t)
	require.Equal(t, "discovery", getJSON[Members](t, url+"/members").Members[1].Via)
	require.Zero(t, a.Stats().HandshakesOut[node.HandshakeCookie])
	a.Events().Publish(events.NodeUp{Node: "ghost@127.0.0.1"}) // said to be up, and is not
	before := value(t, scrape(t, url), "gonode_round_trip_seconds")
	require.Eventually(t, func() bool { return value(t, scrape(t, url), "gonode_round_trip_seconds") >= before+3 }, patience, time.Millisecond)
	require.Len(t, a.Nodes(), 1)
	require.Zero(t, value(t, scrape(t, url), "gonode_round_trips_failed_total"))
}

// TestCatalog: every metric is there on a node that does everything, with the labels and the text of the catalog, and no
// other is; and docs/operations.md has exactly these.
func TestCatalog(t *testing.T) {
	_, url := busy(t)
	families := scrape(t, url)
	table := documented(t)
	ours := map[string]bool{}
	for _, m := range newCatalog().all {
		ours[m.name] = true
		f := families[m.name]
		require.NotNil(t, f, m.name)
		require.Equal(t, m.help, f.GetHelp())
		require.ElementsMatch(t, m.labels, labelsOf(f), m.name)
		require.Equal(t, row{kindName(m), strings.Join(m.labels, ", "), m.help}, table[m.name], "docs/operations.md: %s", m.name)
	}
	for name := range families {
		require.True(t, ours[name] || !strings.HasPrefix(name, "gonode_"), "%s is not in the catalog", name)
	}
	require.Len(t, table, len(ours), "docs/operations.md")
}

func labelsOf(f *dto.MetricFamily) []string {
	var names []string
	for _, l := range f.Metric[0].Label {
		names = append(names, l.GetName())
	}
	return names
}

type row struct{ kind, labels, help string }

// documented reads the table of metrics.
func documented(t *testing.T) map[string]row {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	rows := map[string]row{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(gonode_[a-z_]+)` \\| ([a-z]+) \\| ([a-z, ]*) ?\\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		rows[m[1]] = row{m[2], strings.TrimSpace(m[3]), m[4]}
	}
	return rows
}

func kindName(m metric) string {
	return map[prometheus.ValueType]string{0: "histogram", prometheus.CounterValue: "counter", prometheus.GaugeValue: "gauge"}[m.kind]
}
