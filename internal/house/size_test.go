package house

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines = 600
	maxFuncLines = 100
)

// TestFileSizes also holds for scripts and the Erlang side; not for texts and recorded data.
func TestFileSizes(t *testing.T) {
	var bad []string
	for _, p := range paths(t) {
		if !slices.Contains([]string{".go", ".sh", ".erl"}, path.Ext(p)) {
			continue
		}
		if n := strings.Count(read(t, p), "\n"); n > maxFileLines {
			bad = append(bad, fmt.Sprintf("%s has %d lines", p, n))
		}
	}
	none(t, bad, fmt.Sprintf("no file has more than %d lines", maxFileLines))
}

func TestFunctionSizes(t *testing.T) {
	var bad []string
	for _, f := range goFiles(t) {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.lines(fn); n > maxFuncLines {
				bad = append(bad, fmt.Sprintf("%s: %s has %d lines", f.at(fn), fn.Name.Name, n))
			}
		}
	}
	none(t, bad, fmt.Sprintf("no function has more than %d lines", maxFuncLines))
}
