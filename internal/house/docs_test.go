package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestDocComments wants a doc comment on every exported function, method, type, constant and variable. A group of
// constants or variables may have one for all, a field or method of an interface is its author's business.
func TestDocComments(t *testing.T) {
	var bad []string
	for _, f := range goFiles(t) {
		if f.test || f.ast.Name.Name == "main" {
			continue
		}
		for _, d := range f.ast.Decls {
			for _, name := range undocumented(d) {
				bad = append(bad, f.at(name)+": "+name.Name)
			}
		}
	}
	none(t, bad, "every exported name has a doc comment")
}

// undocumented returns the exported names of a declaration that lack a comment.
func undocumented(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && !selfExplaining(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT || d.Doc != nil {
			return nil
		}
		return undocumentedSpecs(d.Specs)
	}
	return nil
}

// undocumentedSpecs takes the comment above a line as that of the lines below too, if it names them.
func undocumentedSpecs(specs []ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	above := ""
	for _, s := range specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Doc == nil && s.Comment == nil && s.Name.IsExported() {
				names = append(names, s.Name)
			}
		case *ast.ValueSpec:
			if s.Doc != nil {
				above = s.Doc.Text()
			}
			if s.Doc != nil || s.Comment != nil {
				continue
			}
			for _, n := range s.Names {
				if n.IsExported() && !strings.Contains(above, n.Name) {
					names = append(names, n)
				}
			}
		}
	}
	return names
}

// exportedReceiver reports whether fn is a function, or a method of an exported type.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	typ := fn.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return true
		}
	}
}

// selfExplaining are the methods of well-known interfaces.
func selfExplaining(fn *ast.FuncDecl) bool {
	return fn.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "Is", "String"}, fn.Name.Name)
}

// TestPackageComments wants the door of every package: a comment on it, in doc.go if it is for others to import.
func TestPackageComments(t *testing.T) {
	has, library := map[string]bool{}, map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		has[f.pkg] = has[f.pkg] || f.ast.Doc != nil
		if f.ast.Doc != nil && f.path == f.pkg+"/doc.go" {
			library[f.pkg] = true
		}
	}
	var bad []string
	for pkg, ok := range has {
		switch r, ranked := rankOf(pkg); {
		case !ok:
			bad = append(bad, pkg+" has no package comment")
		case ranked && r.rank > 0 && pkg != "cmd/gonode" && !library[pkg]:
			bad = append(bad, pkg+" has its package comment elsewhere than in doc.go")
		}
	}
	slices.Sort(bad)
	none(t, bad, "every package says what it is")
}
