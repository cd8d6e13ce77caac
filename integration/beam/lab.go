package beam

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"gonode/integration/erlang"
)

// AllReleases returns the releases that otp.sh sets up, oldest first.
func AllReleases() []string { return []string{"23", "25", "27", "29"} }

// Lab is where the Erlang releases are. Its methods may be called from any goroutine.
type Lab struct {
	dir   string // with otp23, otp25, ...
	cache string // with the compiled helper modules of each release

	compiling sync.Mutex
}

// Open finds the releases: in $GONODE_OTP if that is set, else where otp.sh puts them, in the user's cache folder. The
// error says how to get what is missing.
func Open() (*Lab, error) {
	cache, err := os.UserCacheDir()
	if err != nil { // no home
		cache = os.TempDir()
	}
	l := &Lab{dir: os.Getenv("GONODE_OTP"), cache: filepath.Join(cache, "gonode", "erlang")}
	if l.dir == "" {
		l.dir = filepath.Join(cache, "gonode", "otp")
	}
	if !filepath.IsAbs(l.dir) {
		return nil, fmt.Errorf("GONODE_OTP is %q: want an absolute path", l.dir)
	}
	return l, nil
}

// Releases returns the releases the tests run with: all of AllReleases, or those that $GONODE_OTP_RELEASES names ("25 27"),
// which is for working on a test, not for CI. One that is named but not there is an error.
func (l *Lab) Releases() ([]string, error) {
	all := AllReleases()
	if only := strings.Fields(os.Getenv("GONODE_OTP_RELEASES")); len(only) > 0 {
		all = only
	}
	for _, release := range all {
		if _, err := l.program(release, "erl"); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// program returns the path of erl, erlc or epmd of a release.
func (l *Lab) program(release, name string) (string, error) {
	if !slices.Contains(AllReleases(), release) {
		return "", fmt.Errorf("there is no Erlang/OTP %q here: want one of %s", release, strings.Join(AllReleases(), ", "))
	}
	top := filepath.Join(l.dir, "otp"+release)
	if _, err := os.Stat(filepath.Join(top, "manifest")); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the integration tests need Erlang/OTP %s in %s, and it is not there: run `make otp` "+
			"(integration/otp.sh), or set GONODE_OTP to where it is", release, top)
	} else if err != nil {
		return "", err
	}
	return filepath.Join(top, name), nil
}

// Programs returns the folder with erl, erlc and epmd of a release, for PATH.
func (l *Lab) Programs(release string) (string, error) {
	erl, err := l.program(release, "erl")
	return filepath.Dir(erl), err
}

// helper returns the folder with the compiled helper modules of a release, which it compiles if need be. It is kept
// between runs, under a name that changes with the source.
func (l *Lab) helper(ctx context.Context, release string) (string, error) {
	l.compiling.Lock()
	defer l.compiling.Unlock()
	sources, sum, err := helperSources()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(l.cache, fmt.Sprintf("otp%s-%x", release, sum[:8]))
	if _, err := os.Stat(filepath.Join(dir, erlang.Module+".beam")); err == nil {
		return dir, nil
	}
	erlc, err := l.program(release, "erlc")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(l.cache, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(l.cache, "compile-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	args := []string{"-Wall", "-Werror", "-o", tmp}
	for name, text := range sources {
		if err := os.WriteFile(filepath.Join(tmp, name), text, 0o644); err != nil {
			return "", err
		}
		args = append(args, filepath.Join(tmp, name))
	}
	cmd := exec.CommandContext(ctx, erlc, args...)
	cmd.Env = environment(tmp)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the helper modules with OTP %s: %w\n%s", release, err, out)
	}
	// Another process may have been faster: then its folder is as good.
	if err := os.Rename(tmp, dir); err != nil {
		if _, there := os.Stat(filepath.Join(dir, erlang.Module+".beam")); there != nil {
			return "", err
		}
	}
	return dir, nil
}

// helperSources returns the texts of the helper modules by file name, and what they hash to.
func helperSources() (map[string][]byte, [sha256.Size]byte, error) {
	entries, err := erlang.Sources.ReadDir(".")
	if err != nil {
		return nil, [sha256.Size]byte{}, err
	}
	sources, hash := make(map[string][]byte), sha256.New()
	for _, e := range entries {
		if sources[e.Name()], err = erlang.Sources.ReadFile(e.Name()); err != nil {
			return nil, [sha256.Size]byte{}, err
		}
		hash.Write(sources[e.Name()])
	}
	return sources, [sha256.Size]byte(hash.Sum(nil)), nil
}

// environment is what an Erlang program gets to see: nothing of the user's own ERL_ variables, cookie or .erlang file.
func environment(home string, more ...string) []string {
	env := []string{
		"HOME=" + home,
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"ERL_CRASH_DUMP_SECONDS=0", // no crash dump
	}
	return append(env, more...)
}
