package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/pflag"
)

// maxCookieFile is how much of a cookie file is read, in bytes: more than any cookie has.
const maxCookieFile = 4096

const cookieAdvice = "use --cookie-file or GONODE_COOKIE with the cookie of the cluster"

// cookieFlags is the group of flags of all that connect to a cluster. The cookie itself is never printed.
type cookieFlags struct{ cookie, file string }

func (f *cookieFlags) add(fs *pflag.FlagSet) {
	addValue(fs, &f.cookie, parseCookie, "cookie", "", "secret", "",
		"the secret of the cluster; others on this host see it on the command line: --cookie-file and GONODE_COOKIE are better")
	fs.StringVar(&f.file, "cookie-file", "", "the `file` with it (default ~/.erlang.cookie)")
	annotate(fs, "cookie", exclusive, "cookie-file")
	annotate(fs, "cookie-file", exclusive, "cookie")
}

// parseCookie refuses nothing but an empty cookie, because what a flag refuses is printed.
func parseCookie(s string) (string, error) {
	if s == "" {
		return "", errors.New("the cookie is empty")
	}
	return s, nil
}

// load returns the cookie: that of --cookie, or of --cookie-file, GONODE_COOKIE, GONODE_COOKIE_FILE, ~/.erlang.cookie.
func (f *cookieFlags) load(a *app) (string, error) {
	if f.cookie != "" {
		return checkCookie(f.cookie, "the cookie")
	}
	if f.file != "" {
		return a.cookieFile(f.file)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usagef("no cookie given, and no home directory to look for .erlang.cookie in: %s", cookieAdvice)
	}
	file := filepath.Join(home, ".erlang.cookie")
	cookie, err := a.cookieFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", usagef("no cookie given, and there is no %s: %s", file, cookieAdvice)
	}
	return cookie, err
}

// cookieFile reads a cookie from a file, and warns if others can do so too.
func (a *app) cookieFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", usagef("cookie file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", usagef("cookie file: %w", err)
	}
	if perm := info.Mode().Perm(); runtime.GOOS != "windows" && info.Mode().IsRegular() && perm&0o077 != 0 {
		a.notef("warning: others can read the cookie in %s: chmod 600 %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxCookieFile+1))
	if err != nil {
		return "", usagef("cookie file: %w", err)
	}
	if len(text) > maxCookieFile {
		return "", usagef("%s has more than %d bytes: it is no cookie file", path, maxCookieFile)
	}
	return checkCookie(strings.TrimRight(string(text), "\r\n \t"), "the cookie in "+path)
}

// checkCookie says what is wrong with a cookie that no Erlang node could have, without showing it.
func checkCookie(cookie, what string) (string, error) {
	n := 0
	for _, r := range cookie {
		switch n++; {
		case r < ' ' || r == 0x7f:
			return "", usagef("%s has a control character at position %d: a cookie is one line of text", what, n)
		case r > 0xff:
			return "", usagef("%s has a character at position %d that Erlang allows in no cookie (its code is above 255)", what, n)
		}
	}
	switch {
	case n == 0:
		return "", usagef("%s is empty: %s", what, cookieAdvice)
	case n > 255:
		return "", usagef("%s has %d characters, and Erlang allows 255", what, n)
	}
	return cookie, nil
}
