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

// calls visits every call of f(...), then x is empty, and x.f(...) within n.
func calls(n ast.Node, visit func(call *ast.CallExpr, x, name string)) {
	ast.Inspect(n, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.Ident:
			visit(call, "", fn.Name)
		case *ast.SelectorExpr:
			if x, ok := fn.X.(*ast.Ident); ok {
				visit(call, x.Name, fn.Sel.Name)
			}
		}
		return true
	})
}

// invokes reports whether there is such a call within n.
func invokes(n ast.Node, such func(x, name string) bool) bool {
	found := false
	calls(n, func(_ *ast.CallExpr, x, name string) { found = found || such(x, name) })
	return found
}

// TestNoSkips: a test that can't run fails. What is missing must not look like success.
func TestNoSkips(t *testing.T) {
	var bad []string
	for _, f := range goFiles(t) {
		calls(f.ast, func(call *ast.CallExpr, x, name string) {
			skips := slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name) && x != "filepath"
			if skips && mayTest(f) || x == "testing" && name == "Short" {
				bad = append(bad, fmt.Sprintf("%s: %s.%s", f.at(call), x, name))
			}
		})
	}
	none(t, bad, "no test is skipped")
}

// mayTest reports whether f is a test or imports package testing, so that Skip is likely to be a test's.
func mayTest(f *file) bool { return f.test || slices.Contains(f.imports(), "testing") }

// TestNoSleeps: tests do not sleep for real, but in integration, where other programs run. In the bubble of synctest.Test
// time is not real: a function that calls it, or calls a helper of its package that does, may sleep.
func TestNoSleeps(t *testing.T) {
	files := goFiles(t)
	helpers := map[string]bool{} // package.function
	eachTestFunc(files, func(f *file, fn *ast.FuncDecl) {
		if invokes(fn, func(x, name string) bool { return x == "synctest" && name == "Test" }) {
			helpers[f.pkg+"."+fn.Name.Name] = true
		}
	})
	var bad []string
	eachTestFunc(files, func(f *file, fn *ast.FuncDecl) {
		fake := helpers[f.pkg+"."+fn.Name.Name] ||
			invokes(fn, func(x, name string) bool { return x == "" && helpers[f.pkg+"."+name] })
		sleeps := invokes(fn, func(x, name string) bool { return x == "time" && name == "Sleep" })
		if sleeps && !fake && !under(f.pkg, "integration") {
			bad = append(bad, f.at(fn)+": "+fn.Name.Name)
		}
	})
	none(t, bad, "no time.Sleep outside a bubble of synctest")
}

func eachTestFunc(files []*file, visit func(f *file, fn *ast.FuncDecl)) {
	for _, f := range files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test && fn.Body != nil {
				visit(f, fn)
			}
		}
	}
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
