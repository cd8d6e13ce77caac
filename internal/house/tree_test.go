package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root   = "../.."
	module = "gonode"
)

// file is one parsed Go file.
type file struct {
	path string // from the root, with slashes
	pkg  string // its folder, the same way
	test bool
	ast  *ast.File
	fset *token.FileSet
}

// at returns where a node is, as path:line.
func (f *file) at(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.fset.Position(n.Pos()).Line)
}

// lines returns how many lines a node takes.
func (f *file) lines(n ast.Node) int {
	return f.fset.Position(n.End()).Line - f.fset.Position(n.Pos()).Line + 1
}

// imports returns the import paths of f.
func (f *file) imports() []string {
	var paths []string
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// paths returns the path of every file of the project, from the root; not of the folders whose name begins with a dot
// (but of .ci), nor of bin.
func paths(t *testing.T) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == "bin" || strings.HasPrefix(path.Base(rel), ".") && rel != "." && rel != ".ci" {
				return filepath.SkipDir
			}
			return nil
		}
		all = append(all, rel)
		return nil
	}))
	require.Greater(t, len(all), 50, "this is the whole tree")
	return all
}

// read returns the text of a file of the project.
func read(t *testing.T, rel string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(rel)))
	require.NoError(t, err)
	return string(b)
}

// goFiles returns every Go file of the project, parsed.
func goFiles(t *testing.T) []*file {
	t.Helper()
	parsing.Do(func() { parsed = parseAll(t) })
	return parsed
}

// The files are parsed once for all tests.
var (
	parsing sync.Once
	parsed  []*file
)

func parseAll(t *testing.T) []*file {
	t.Helper()
	var files []*file
	for _, p := range paths(t) {
		if path.Ext(p) != ".go" || strings.Contains("/"+p, "/testdata/") {
			continue
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, p, read(t, p), parser.ParseComments)
		require.NoError(t, err)
		files = append(files, &file{path: p, pkg: path.Dir(p), test: strings.HasSuffix(p, "_test.go"), ast: tree, fset: fset})
	}
	return files
}

// none fails the test with the violations there are, one a line.
func none(t *testing.T, violations []string, rule string) {
	t.Helper()
	if len(violations) > 0 {
		t.Errorf("%s:\n\t%s", rule, strings.Join(violations, "\n\t"))
	}
}
