package house

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The modules a package may import, for the table below.
const (
	ergo  = "ergo.services/ergo"
	cobra = "github.com/spf13/cobra"
	pflag = "github.com/spf13/pflag"
	yaml  = "go.yaml.in/yaml/v3"
	roots = "golang.org/x/crypto/x509roots/fallback"
	dns   = "github.com/miekg/dns"
	ipv4  = "golang.org/x/net/ipv4"
	ipv6  = "golang.org/x/net/ipv6"
	prom  = "github.com/prometheus/client_golang"
	unix  = "golang.org/x/sys/unix"
)

// Packages of ours that several strategies are made with.
const (
	polling  = "strategy/internal/poll"
	textfile = "strategy/internal/textfile"

	strategytest = "strategy/internal/strategytest" // for tests
	dnstest      = "internal/dnstest"               // for tests
)

// kubernetes are the modules for asking the API of Kubernetes. They are big, so one package has them, and its tests.
func kubernetes() []string {
	return []string{"k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go", "k8s.io/klog/v2", "github.com/go-logr/logr"}
}

// rank says where a package stands. It imports only packages of a lower rank, and of them none of those it must not know.
type rank struct {
	rank     int
	siblings []string // packages of the same rank that it may import all the same
	not      []string // packages of a lower rank that it must not know
	modules  []string // other people's modules: the whole list, besides the standard library
}

// ranks has every package but those that are free: examples, benchmarks, and the tests on the whole. A folder of strategy
// that is not listed is like strategy/*.
func ranks() map[string]rank {
	return map[string]rank{
		"internal/wire": {rank: 0},
		"etf":           {rank: 1, modules: []string{ergo}},
		"epmd":          {rank: 1},
		"events":        {rank: 1, siblings: []string{"etf"}, modules: []string{ergo}},
		"dist":          {rank: 2, not: []string{"epmd", "events"}, modules: []string{ergo}},
		"strategy":      {rank: 2, not: []string{"etf", "internal/wire", "events"}},
		"strategy/*":    {rank: 3, not: []string{"dist", "events"}},
		"strategy/dns":  {rank: 3, siblings: []string{polling}, not: []string{"dist", "events", "epmd"}, modules: []string{dns}},
		"strategy/epmd": {rank: 3, siblings: []string{polling}, not: []string{"dist", "events"}},
		"strategy/erlanghosts": {
			rank: 3, siblings: []string{"strategy/epmd", polling, textfile}, not: []string{"dist", "events"},
		},
		"strategy/gossip":    {rank: 3, not: []string{"dist", "events"}, modules: []string{ipv4, ipv6}},
		"strategy/exec":      {rank: 3, siblings: []string{"strategy/nodelist", polling}, not: []string{"dist", "events", "epmd"}},
		"strategy/file":      {rank: 3, siblings: []string{"strategy/nodelist", polling, textfile}, not: []string{"dist", "events", "epmd"}},
		"strategy/http":      {rank: 3, siblings: []string{"strategy/nodelist", polling}, not: []string{"dist", "events", "epmd"}},
		"strategy/localepmd": {rank: 3, siblings: []string{polling}, not: []string{"dist", "events"}},
		"strategy/nodelist":  {rank: 3, not: []string{"dist", "events", "epmd"}},
		polling:              {rank: 3, not: []string{"dist", "events", "epmd"}},
		textfile:             {rank: 0},
		strategytest:         {rank: 3, not: []string{"dist", "events", "epmd"}},
		"kernel":             {rank: 3, not: []string{"epmd", "strategy"}, modules: []string{ergo}},
		"node":               {rank: 4, modules: []string{ergo}},
		"internal/house":     {rank: 0},
		dnstest:              {rank: 0, modules: []string{dns}},

		"strategy/kubernetes": {rank: 3, not: []string{"dist", "events"}, modules: kubernetes()},

		"config":     {rank: 7, modules: []string{yaml}},
		"hooks":      {rank: 5, not: []string{"dist", "epmd", "kernel", "node", "strategy"}},
		"admin":      {rank: 6, not: []string{"dist", "epmd", "kernel"}, modules: []string{ergo, prom}},
		"cmd/gonode": {rank: 8, modules: []string{ergo, cobra, pflag, roots, "golang.org/x/term"}},

		"cmd/gonode/internal/daemon":   {rank: 6, siblings: []string{"admin"}},
		"cmd/gonode/internal/doctor":   {rank: 5, siblings: []string{"cmd/gonode/internal/remote"}, modules: []string{ergo}},
		"cmd/gonode/internal/output":   {rank: 5, siblings: []string{"cmd/gonode/internal/termjson"}, modules: []string{yaml}},
		"cmd/gonode/internal/pcap":     {rank: 5},
		"cmd/gonode/internal/remote":   {rank: 5, modules: []string{ergo}},
		"cmd/gonode/internal/termjson": {rank: 5, not: []string{"node", "epmd", "dist"}, modules: []string{ergo}},

		"internal/eventjson": {rank: 2},
		"internal/sdnotify":  {rank: 0, modules: []string{unix}},
	}
}

// free are the folders that may import whatever they like of ours. Nobody imports them but one another.
func free() []string { return []string{"examples", "bench", "integration"} }

// forTests are the modules that test files of any package may import.
func forTests() []string {
	return []string{
		ergo,
		"github.com/prometheus/client_model",
		"github.com/prometheus/common",
		"github.com/stretchr/testify",
		"github.com/rogpeppe/go-internal",
		"go.uber.org/goleak",
		"go.yaml.in/yaml/v3",
		"golang.org/x/sync",
		"pgregory.net/rapid",
	}
}

// under reports whether p is dir or in it.
func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

func isFree(pkg string) bool {
	return slices.ContainsFunc(free(), func(dir string) bool { return under(pkg, dir) })
}

// rankOf returns the row of the table for a package.
func rankOf(pkg string) (rank, bool) {
	table := ranks()
	r, ok := table[pkg]
	if !ok && path.Dir(pkg) == "strategy" {
		r, ok = table["strategy/*"]
	}
	return r, ok
}

// complaints says what is wrong with an import of f.
func complaints(f *file, imported string) string {
	own, ours := strings.CutPrefix(imported, module+"/")
	switch {
	case ours:
		return ourImport(f, own)
	case !strings.Contains(strings.Split(imported, "/")[0], "."):
		return "" // the standard library
	case isFree(f.pkg) && (!strings.HasPrefix(imported, "k8s.io/") || under(f.pkg, "integration/kubernetes")):
		return ""
	}
	allowed := []string{}
	if r, ok := rankOf(f.pkg); ok {
		allowed = append(allowed, r.modules...)
	}
	if f.test {
		allowed = append(allowed, forTests()...)
	}
	if slices.ContainsFunc(allowed, func(m string) bool { return under(imported, m) }) {
		return ""
	}
	return fmt.Sprintf("%s: %s may not import %s", f.path, f.pkg, imported)
}

func ourImport(f *file, own string) string {
	if own == f.pkg || isFree(f.pkg) {
		return ""
	}
	if isFree(own) {
		return fmt.Sprintf("%s: nobody imports %s", f.path, own)
	}
	r, ok := rankOf(f.pkg)
	target, known := rankOf(own)
	switch {
	case !ok || !known:
		return fmt.Sprintf("%s imports %s: one of them is not in the table of ranks", f.path, own)
	case slices.Contains(r.not, own):
		return fmt.Sprintf("%s: %s must not know %s", f.path, f.pkg, own)
	case target.rank >= r.rank && !slices.Contains(r.siblings, own) && !(f.test && own == strategytest):
		return fmt.Sprintf("%s: %s (rank %d) imports %s (rank %d): imports go down only", f.path, f.pkg, r.rank, own, target.rank)
	}
	return ""
}

func TestImports(t *testing.T) {
	var bad []string
	for _, f := range goFiles(t) {
		if _, ok := rankOf(f.pkg); !ok && !isFree(f.pkg) {
			bad = append(bad, f.path+": its package is not in the table of ranks")
		}
		for _, imported := range f.imports() {
			if c := complaints(f, imported); c != "" {
				bad = append(bad, c)
			}
		}
	}
	none(t, bad, "imports (docs/design.md has the ranks)")
}

// TestKubernetesStaysOut: who imports these packages does not compile client-go, by whatever way it might come in. Modules of
// others are not followed: none that ranks allows them has anything to do with it.
func TestKubernetesStaysOut(t *testing.T) {
	imports := map[string][]string{} // of a package, with its own path from the root
	for _, f := range goFiles(t) {
		if !f.test {
			imports[f.pkg] = append(imports[f.pkg], f.imports()...)
		}
	}
	for _, pkg := range []string{"etf", "epmd", "events", "dist", "strategy", "strategy/epmd", "kernel", "node"} {
		if by := reaches(imports, pkg, "k8s.io", map[string]bool{}); by != "" {
			t.Errorf("%s", by)
		}
	}
	require.NotEmpty(t, reaches(imports, "strategy/kubernetes", "k8s.io", map[string]bool{}), "the test can see it")
	imports["x"], imports["y"] = []string{"gonode/y"}, []string{"fmt", "gonode/x", "gonode/strategy/kubernetes"}
	require.Equal(t, "x > y > strategy/kubernetes > github.com/go-logr/logr",
		reaches(imports, "x", "github.com/go-logr", map[string]bool{}), "across packages")
}

// reaches returns the way by which a package imports something of a module; empty if it does not.
func reaches(imports map[string][]string, pkg, of string, seen map[string]bool) string {
	seen[pkg] = true
	for _, p := range imports[pkg] {
		own, ours := strings.CutPrefix(p, module+"/")
		switch {
		case under(p, of):
			return pkg + " > " + p
		case ours && !seen[own]:
			if way := reaches(imports, own, of, seen); way != "" {
				return pkg + " > " + way
			}
		}
	}
	return ""
}

// TestImportRules tries the table with imports that it must refuse and some it must not.
func TestImportRules(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		test, ok      bool
	}{
		{"node", "gonode/dist", false, true},
		{"dist", "gonode/node", false, false},
		{"dist", "gonode/epmd", false, false},
		{"dist", "gonode/strategy", false, false},
		{"dist", "github.com/spf13/cobra", false, false},
		{"etf", "ergo.services/ergo/gen", false, true},
		{"etf", "ergo.services/ergonomics", false, false},
		{"epmd", "ergo.services/ergo/gen", false, false},
		{"epmd", "github.com/stretchr/testify/require", false, false},
		{"epmd", "github.com/stretchr/testify/require", true, true},
		{"epmd", "gonode/etf", true, false},
		{"events", "gonode/etf", false, true},
		{"strategy/dns", "gonode/strategy", false, true},
		{"strategy/dns", "gonode/strategy/epmd", false, false},
		{"strategy/dns", "github.com/miekg/dns", false, true},
		{"strategy/file", "github.com/miekg/dns", false, false},
		{"strategy/file", "gonode/strategy/nodelist", false, true},
		{"strategy/file", "gonode/strategy/internal/strategytest", true, true},
		{"strategy/file", "gonode/strategy/internal/strategytest", false, false},
		{"strategy/internal/poll", "gonode/strategy/epmd", false, false},
		{"strategy/dns", "k8s.io/client-go/rest", false, false},
		{"strategy/gossip", "golang.org/x/net/ipv4", false, true},
		{"strategy/dns", "golang.org/x/net/ipv4", false, false},
		{"strategy/kubernetes", "k8s.io/client-go/rest", false, true},
		{"strategy/kubernetes", "gonode/dist", false, false},
		{"integration/kubernetes/kcp", "k8s.io/client-go/rest", false, true},
		{"integration", "k8s.io/client-go/rest", true, false},
		{"cmd/gonode", "k8s.io/client-go/rest", false, false},
		{"strategy", "gonode/strategy/epmd", false, false},
		{"node", "gonode/strategy/epmd", false, true},
		{"node", "gonode/cmd/gonode", false, false},
		{"node", "gonode/config", false, false},
		{"config", "gonode/strategy/gossip", false, true},
		{"cmd/gonode", "gonode/config", false, true},
		{"node", "gonode/integration/beam", true, false},
		{"node", "gonode/unheard/of", false, false},
		{"node", "github.com/prometheus/client_golang/prometheus", false, false},
		{"hooks", "gonode/node", false, false},
		{"hooks", "gonode/events", false, true},
		{"admin", "gonode/hooks", false, true},
		{"admin", "gonode/dist", false, false},
		{"examples/join", "gonode/node", false, true},
		{"etf", "encoding/binary", false, true},
	} {
		f := &file{path: c.pkg + "/x.go", pkg: c.pkg, test: c.test}
		if got := complaints(f, c.imported); (got == "") != c.ok {
			t.Errorf("%s imports %s (test file: %v): %q, want accepted %v", c.pkg, c.imported, c.test, got, c.ok)
		}
	}
}
