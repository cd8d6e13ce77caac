package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestNoUnfinishedWork: what is not done is in CHANGELOG.md, README.md or an issue, not in the code.
func TestNoUnfinishedWork(t *testing.T) {
	words := []string{"TO" + "DO", "FIX" + "ME", "X" + "XX"}
	var bad []string
	for _, f := range goFiles(t) {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(c.Text, w) }) {
					bad = append(bad, f.at(c)+": "+c.Text)
				}
			}
		}
	}
	none(t, bad, "no notes on unfinished work")
}

// calls visits every call of a selector, x.name(...), in f.
func (f *file) calls(visit func(call *ast.CallExpr, x, name string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			x, _ := sel.X.(*ast.Ident)
			if x == nil {
				x = &ast.Ident{}
			}
			visit(call, x.Name, sel.Sel.Name)
		}
		return true
	})
}

// TestNoSkips: a test that can't run fails. What is missing must not look like success.
func TestNoSkips(t *testing.T) {
	var bad []string
	for _, f := range goFiles(t) {
		f.calls(func(call *ast.CallExpr, x, name string) {
			skips := slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name) && x != "filepath"
			if skips && testing_(f) || x == "testing" && name == "Short" {
				bad = append(bad, fmt.Sprintf("%s: %s.%s", f.at(call), x, name))
			}
		})
	}
	none(t, bad, "no test is skipped")
}

// testing_ reports whether f is a test or imports package testing, so that Skip is likely to be a test's.
func testing_(f *file) bool { return f.test || slices.Contains(f.imports(), "testing") }

// TestNoSleeps: tests do not sleep for real, but in integration, where other programs run. In the bubble of synctest.Test
// time is not real.
func TestNoSleeps(t *testing.T) {
	var bad []string
	for _, f := range goFiles(t) {
		if !f.test || under(f.pkg, "integration") {
			continue
		}
		var bubbles []*ast.CallExpr
		f.calls(func(call *ast.CallExpr, x, name string) {
			if x == "synctest" && name == "Test" {
				bubbles = append(bubbles, call)
			}
		})
		f.calls(func(call *ast.CallExpr, x, name string) {
			fake := slices.ContainsFunc(bubbles, func(b *ast.CallExpr) bool { return b.Pos() < call.Pos() && call.End() < b.End() })
			if x == "time" && name == "Sleep" && !fake {
				bad = append(bad, f.at(call))
			}
		})
	}
	none(t, bad, "no time.Sleep outside the function given to synctest.Test")
}

// TestNoInit: nothing happens because a package is imported.
func TestNoInit(t *testing.T) {
	var bad []string
	for _, f := range goFiles(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				bad = append(bad, f.at(fn))
			}
		}
	}
	none(t, bad, "no init functions")
}

// TestNoChangingGlobals finds assignments to variables of the package. It sees those by name only; a map or a pointer that
// is changed in place is the reader's to find.
func TestNoChangingGlobals(t *testing.T) {
	files := goFiles(t)
	globals := map[string]map[string]bool{} // by package
	for _, f := range files {
		for _, d := range f.ast.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR && !f.test {
				remember(globals, f.pkg, g)
			}
		}
	}
	var bad []string
	for _, f := range files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			for _, target := range targets(n) {
				id, ok := target.(*ast.Ident)
				if ok && globals[f.pkg][id.Name] && !local(f, id) {
					bad = append(bad, f.at(id)+": "+id.Name)
				}
			}
			return true
		})
	}
	none(t, bad, "no global variable changes")
}

func remember(globals map[string]map[string]bool, pkg string, g *ast.GenDecl) {
	if globals[pkg] == nil {
		globals[pkg] = map[string]bool{}
	}
	for _, s := range g.Specs {
		for _, name := range s.(*ast.ValueSpec).Names {
			globals[pkg][name.Name] = name.Name != "_"
		}
	}
}

// targets returns what a statement assigns to.
func targets(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	}
	return nil
}

// local reports whether id was resolved, within its file, to something else than a variable of the package.
func local(f *file, id *ast.Ident) bool {
	return id.Obj != nil && f.ast.Scope.Lookup(id.Name) != id.Obj
}
