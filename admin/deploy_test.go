package admin

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// rules is a rule file of Prometheus.
type rules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

// TestAlertRules: the alerts are made of metrics and labels that a node has.
func TestAlertRules(t *testing.T) {
	file, err := os.Open("../deploy/prometheus/gonode.rules.yml")
	require.NoError(t, err)
	defer file.Close()
	var r rules
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&r))
	require.Len(t, r.Groups, 1)
	_, url := busy(t)
	known := vocabulary(scrape(t, url))
	names := map[string]bool{}
	for _, rule := range r.Groups[0].Rules {
		require.Empty(t, known.complaints(rule.Expr), rule.Alert)
		require.False(t, names[rule.Alert], "%s is there twice", rule.Alert)
		names[rule.Alert] = true
		require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		require.NotEmpty(t, rule.Annotations["description"], rule.Alert)
		require.Contains(t, []string{"warning", "critical"}, rule.Labels["severity"], rule.Alert)
		for _, text := range rule.Annotations {
			for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
				require.Contains(t, known.labelsOf(rule.Expr), m[1], "%s: %s", rule.Alert, text)
			}
		}
	}
	require.Greater(t, len(names), 10)
}

// dashboard is what of a dashboard of Grafana is looked at.
type dashboard struct {
	Title  string
	Panels []struct {
		ID      int
		Type    string
		Title   string
		GridPos struct{ H, W, X, Y int }
		Targets []struct{ Expr, LegendFormat, RefID string }
	}
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
}

// TestDashboard: the panels are made of metrics and labels that a node has, and do not overlap.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("../deploy/grafana/gonode.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	_, url := busy(t)
	known := vocabulary(scrape(t, url))
	ids, taken, queries := map[int]bool{}, map[[2]int]string{}, 0
	for _, p := range d.Panels {
		require.False(t, ids[p.ID], "id %d is there twice", p.ID)
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, taken[at], p.Title)
				require.Less(t, at[0], 24, p.Title)
				taken[at] = p.Title
			}
		}
		require.Equal(t, p.Type == "row", len(p.Targets) == 0, p.Title)
		for _, target := range p.Targets {
			queries++
			require.Empty(t, known.complaints(target.Expr), p.Title)
			require.Contains(t, target.Expr, `instance=~"$instance"`, p.Title)
			for _, m := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				require.Contains(t, known.labelsOf(target.Expr), m[1], p.Title)
			}
		}
	}
	require.Greater(t, queries, 30)
	require.Equal(t, "label_values(gonode_node_info, instance)", d.Templating.List[1].Query)
}

// TestDeployCoverage: what is counted is shown somewhere.
func TestDeployCoverage(t *testing.T) {
	var texts string
	for _, path := range []string{"../deploy/prometheus/gonode.rules.yml", "../deploy/grafana/gonode.json"} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		texts += string(text)
	}
	missing := 0
	for _, m := range newCatalog().all {
		if !strings.Contains(texts, m.name) {
			missing++
		}
	}
	require.Less(t, missing, len(newCatalog().all)/3)
}

// words are the metrics that a node has, each with its labels and their values.
type words map[string]map[string][]string

func vocabulary(families map[string]*dto.MetricFamily) words {
	known := words{}
	for name, f := range families {
		labels := map[string][]string{"instance": nil, "job": nil} // which Prometheus adds
		for _, m := range f.Metric {
			for _, l := range m.Label {
				labels[l.GetName()] = append(labels[l.GetName()], l.GetValue())
			}
		}
		known[name] = labels
		if f.GetType() == dto.MetricType_HISTOGRAM {
			bucket := map[string][]string{"le": nil, "instance": nil, "job": nil}
			known[name+"_bucket"], known[name+"_sum"], known[name+"_count"] = bucket, labels, labels
		}
	}
	return known
}

var (
	selectorPattern = regexp.MustCompile(`\b([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})?`)
	matcherPattern  = regexp.MustCompile(`([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	groupingPattern = regexp.MustCompile(`\b(by|without|on|ignoring)\s*\(([^)]*)\)`)
	rangePattern    = regexp.MustCompile(`\[[^\]]*\]`)
)

// language are the words of PromQL that are used.
var language = []string{"sum", "rate", "increase", "by", "on", "and", "time", "histogram_quantile"}

// complaints returns what is wrong with a query: a metric that is not there, a label that it has not, or a value that no
// sample has.
func (known words) complaints(expr string) []string {
	var bad []string
	for name, matchers := range selectors(expr) {
		labels, ok := known[name]
		if !ok {
			bad = append(bad, "no metric "+name)
			continue
		}
		for _, m := range matcherPattern.FindAllStringSubmatch(matchers, -1) {
			values, ok := labels[m[1]]
			if !ok {
				bad = append(bad, name+" has no label "+m[1])
			}
			for want := range strings.SplitSeq(m[3], "|") {
				if !slices.Contains(values, want) && values != nil {
					bad = append(bad, name+" has no "+m[1]+" "+want)
				}
			}
		}
	}
	for _, m := range groupingPattern.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(m[2], ",") {
			if label = strings.TrimSpace(label); !slices.Contains(known.labelsOf(expr), label) {
				bad = append(bad, "no label "+label)
			}
		}
	}
	if len(selectors(expr)) == 0 {
		bad = append(bad, "no metric at all")
	}
	return bad
}

// labelsOf returns the labels that the metrics of a query have.
func (known words) labelsOf(expr string) []string {
	var all []string
	for name := range selectors(expr) {
		for label := range known[name] {
			all = append(all, label)
		}
	}
	return all
}

// selectors returns the metrics of a query with their matchers.
func selectors(expr string) map[string]string {
	expr = rangePattern.ReplaceAllString(groupingPattern.ReplaceAllString(expr, ""), "")
	found := map[string]string{}
	for _, m := range selectorPattern.FindAllStringSubmatch(expr, -1) {
		if !slices.Contains(language, m[1]) {
			found[m[1]] += m[2]
		}
	}
	return found
}

// TestQueries: the check of queries finds what it is there for.
func TestQueries(t *testing.T) {
	known := words{"a_total": {"x": {"1", "2"}, "instance": nil}, "b": {"instance": nil}}
	for expr, want := range map[string]string{
		`a_total`: "",
		`sum by (instance) (rate(a_total{x=~"1|2",instance=~"$instance"}[5m])) > 5e5`: "",
		`c`: "no metric c", `rate(c_total[5m])`: "no metric c_total", `b{x="1"}`: "b has no label x",
		`a_total{x="3"}`: "a_total has no x 3", `sum by (y) (b)`: "no label y", `a_total + d`: "no metric d", `1 > 0`: "no metric at all",
	} {
		got := strings.Join(known.complaints(expr), "; ")
		require.Equal(t, want, got, expr)
	}
}
