package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/dist"
)

func TestProbeName(t *testing.T) {
	for target, want := range map[string]string{
		"a@127.0.0.1": "127.0.0.1",
		"a@127.3.2.1": "127.3.2.1",
		"a@::1":       "::1",
		"a@localhost": "localhost",
	} {
		alive, host, err := dist.ParseName(probeName(t.Context(), target, 4369))
		require.NoError(t, err)
		require.Regexp(t, "^gonode-[0-9a-f]{4}$", alive)
		require.Equal(t, want, host)
	}
	for _, target := range []string{"a@short", "a@long..invalid", "a@192.0.2.1", "a@2001:db8::1"} {
		require.NoError(t, dist.CompareNames(probeName(t.Context(), target, 4369), target))
	}
}

func TestOwnHost(t *testing.T) {
	require.NotContains(t, ownHost(false, nil), ".")
	host := ownHost(true, func() string { return "192.0.2.1" })
	require.Contains(t, host, ".")
}

func TestCookieIsNeverShown(t *testing.T) {
	for name, text := range map[string]string{
		"control": "sesame\x01", "high": "sesame\u0416", "long": strings.Repeat("sesame", 50),
	} {
		_, err := checkCookie(text, "the cookie")
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "sesame")
		require.Equal(t, exitUsage, exitCode(err))
	}
	cookie, err := checkCookie("s\u00e9same street", "the cookie")
	require.NoError(t, err)
	require.Equal(t, "s\u00e9same street", cookie)
}

func TestCookieFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookie")
	require.NoError(t, os.WriteFile(path, make([]byte, maxCookieFile+1), 0o600))
	_, err := new(app).cookieFile(path)
	require.ErrorContains(t, err, "it is no cookie file")
}
