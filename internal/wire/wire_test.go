package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReader(t *testing.T) {
	r := NewReader([]byte{1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 'a', 'b', 'c'})
	require.Equal(t, 18, r.Len())
	require.Equal(t, uint8(1), r.Uint8())
	require.Equal(t, uint16(2), r.Uint16())
	require.Equal(t, uint32(3), r.Uint32())
	require.Equal(t, uint64(4), r.Uint64())
	require.Equal(t, []byte("ab"), r.Bytes(2))
	require.Equal(t, 17, r.Offset())
	require.Equal(t, []byte("c"), r.Rest())
	r.End()
	require.NoError(t, r.Err())
}

func TestFirstFailureSticks(t *testing.T) {
	r := NewReader([]byte{1, 2, 3})
	require.Equal(t, uint8(1), r.Uint8())
	require.Zero(t, r.Uint32())
	require.EqualError(t, r.Err(), "at byte 1: 4 bytes wanted, 2 left")
	require.Zero(t, r.Uint8(), "nothing is read after a failure")
	require.Zero(t, r.Len())
	require.Empty(t, r.Rest())
	r.Fail("later")
	r.End()
	require.EqualError(t, r.Err(), "at byte 1: 4 bytes wanted, 2 left")
	require.Equal(t, 1, r.Offset())
}

func TestEveryReadIsBounded(t *testing.T) {
	for name, read := range map[string]func(*Reader){
		"Uint8":    func(r *Reader) { r.Uint8() },
		"Uint16":   func(r *Reader) { r.Uint16() },
		"Uint32":   func(r *Reader) { r.Uint32() },
		"Uint64":   func(r *Reader) { r.Uint64() },
		"Bytes":    func(r *Reader) { r.Bytes(1) },
		"negative": func(r *Reader) { r.Bytes(-1) },
	} {
		var r Reader
		read(&r)
		require.Error(t, r.Err(), name)
	}
}

func TestCount(t *testing.T) {
	for _, test := range []struct {
		n    uint64
		min  int
		want int
		ok   bool
	}{
		{0, 1, 0, true}, {4, 1, 4, true}, {5, 1, 0, false}, {2, 2, 2, true}, {3, 2, 0, false}, {1 << 63, 2, 0, false},
	} {
		r := NewReader(make([]byte, 4))
		require.Equal(t, test.want, r.Count(test.n, test.min), "%+v", test)
		require.Equal(t, test.ok, r.Err() == nil, "%+v", test)
	}
	r := NewReader(nil)
	r.Fail("x")
	require.Zero(t, r.Count(1, 1))
}

func TestBytesDoNotGrowIntoWhatFollows(t *testing.T) {
	b := []byte{1, 2, 3}
	r := NewReader(b)
	_ = append(r.Bytes(1), 9)
	require.Equal(t, []byte{1, 2, 3}, b)
}

func TestEnd(t *testing.T) {
	r := NewReader([]byte{1})
	r.End()
	require.EqualError(t, r.Err(), "at byte 0: 1 bytes left over")
}

func TestAppend(t *testing.T) {
	b := AppendUint64(AppendUint32(AppendUint16(nil, 1), 2), 3)
	require.Equal(t, []byte{0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3}, b)
}

func TestPeek(t *testing.T) {
	r := NewReader([]byte{1, 2, 3})
	for range 2 {
		first, second, ok := r.Peek()
		require.Equal(t, []any{uint8(1), uint8(2), true}, []any{first, second, ok})
	}
	r.Pass()
	require.Equal(t, 2, r.Offset())
	_, _, ok := r.Peek()
	require.False(t, ok, "there is one byte only")
	require.NoError(t, r.Err())
	r.Pass()
	require.Equal(t, 3, r.Offset(), "never beyond the end")
	r = NewReader([]byte{1, 2, 3})
	r.Fail("x")
	_, _, ok = r.Peek()
	require.False(t, ok, "nothing is read after a failure")
}
