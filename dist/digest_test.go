package dist

import (
	"crypto/md5"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDigest(t *testing.T) {
	for _, test := range []struct {
		cookie    string
		challenge uint32
		want      string
	}{
		{"monster", 16909060, "b4ae6978053f3042dd26b037a0851ba4"},
		{"monster", 0, "12b449de1b22903411908b8c56b73be3"},
		{"c", 4294967295, "b6b9428ef079fc89ea04bb26bbf1a0da"},
		{"abc", 123, hexDigest("\x61\x62\x63123")},
		{"é", 1, hexDigest("\xe91")},                 // a code point up to 255 is one byte
		{"\xe9", 1, hexDigest("\xe91")},              // as it stands in a cookie file
		{"Ł", 1, hexDigest("\xc5\x811")},             // no Erlang node has this cookie; it must not be that of another one
		{"a\x00b", 7, hexDigest("a\x00b7")},          // zero is a character
		{"\xff\xfe", 9, hexDigest("\xff\xfe" + "9")}, // no UTF-8
	} {
		d := Digest(test.cookie, test.challenge)
		require.Equal(t, test.want, hex.EncodeToString(d[:]), "%q %d", test.cookie, test.challenge)
	}
	require.NotEqual(t, Digest("Ł", 1), Digest("A", 1))
	require.True(t, sameDigest(Digest("a", 1), Digest("a", 1)))
	require.False(t, sameDigest(Digest("a", 1), Digest("a", 2)))
}

func TestRandomChallenge(t *testing.T) {
	seen := map[uint32]bool{}
	for range 100 {
		n, err := randomChallenge()
		require.NoError(t, err)
		seen[n] = true
	}
	require.Greater(t, len(seen), 90)
}

func hexDigest(s string) string {
	d := md5.Sum([]byte(s))
	return hex.EncodeToString(d[:])
}
