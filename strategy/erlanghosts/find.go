package erlanghosts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gonode/strategy/internal/textfile"
)

// fileName is what the file is called.
const fileName = ".hosts.erlang"

// finder looks for the file and reads it.
type finder struct {
	places []*textfile.File
}

func (s *Strategy) finder() *finder {
	paths := []string{s.File}
	if s.File == "" {
		paths = []string{fileName}
		home, _ := os.UserHomeDir() // no home is no place to look
		for _, dir := range []string{cmp.Or(s.Home, home), s.Root} {
			if dir != "" {
				paths = append(paths, filepath.Join(dir, fileName))
			}
		}
	}
	f := &finder{}
	for _, p := range paths {
		f.places = append(f.places, &textfile.File{Path: p, Max: maxBytes})
	}
	return f
}

// find returns the hosts of the first file that is there, and its path.
func (f *finder) find(ctx context.Context) (hosts []string, path string, err error) {
	for _, place := range f.places {
		data, err := place.Read(ctx)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue
		}
		if err == nil {
			hosts, err = parse(string(data))
		}
		if err != nil {
			return nil, place.Path, fmt.Errorf("%s: %w", place.Path, err)
		}
		return hosts, place.Path, nil
	}
	return nil, "", fmt.Errorf("there is no %s: create one, or name the file; looked for %s: %w", fileName, f.paths(), fs.ErrNotExist)
}

func (f *finder) paths() string {
	var paths []string
	for _, p := range f.places {
		paths = append(paths, p.Path)
	}
	return strings.Join(paths, ", ")
}
