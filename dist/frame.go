package dist

import (
	"encoding/binary"
	"fmt"
)

const (
	lenBytes = 4 // of the length in front of a frame

	// keepBuffer is the largest buffer that is kept once it is empty.
	keepBuffer = 1 << 20
)

// frameBuffer cuts what arrives into frames. It does no input itself: the owner reads into space and tells got.
// The memory for a frame is taken as its bytes arrive, twice what there is at most, never because of its length.
type frameBuffer struct {
	buf   []byte
	r, w  int // what has arrived and was not taken yet is buf[r:w]
	max   int // length of a frame at most
	small int // the size to which the buffer goes back
}

func newFrameBuffer(size, maxFrame int) *frameBuffer {
	return &frameBuffer{buf: make([]byte, size), max: maxFrame, small: size}
}

// next returns the next whole frame without its length, empty for a tick, or false if it has not arrived whole. The frame
// is good until space is called.
func (f *frameBuffer) next() ([]byte, bool, error) {
	if f.w-f.r < lenBytes {
		return nil, false, nil
	}
	size := binary.BigEndian.Uint32(f.buf[f.r:])
	if uint64(size) > uint64(f.max) {
		return nil, false, &FrameError{Err: fmt.Errorf("%w: a frame of %d bytes was announced, %d are allowed (Config.MaxFrame)",
			ErrLimit, size, f.max)}
	}
	end := f.r + lenBytes + int(size)
	if end > f.w {
		return nil, false, nil
	}
	frame := f.buf[f.r+lenBytes : end : end]
	f.r = end
	return frame, true, nil
}

// begun returns what has arrived of a frame that has not arrived whole, without its length, and the size it will have. It
// is called after next has returned false.
func (f *frameBuffer) begun() (part []byte, size int) {
	if f.w-f.r < lenBytes {
		return nil, 0
	}
	return f.buf[f.r+lenBytes : f.w], int(binary.BigEndian.Uint32(f.buf[f.r:]))
}

// take forgets what begun has returned: the rest of the frame is read to elsewhere.
func (f *frameBuffer) take() { f.r, f.w = 0, 0 }

// space returns where to read to; it is never empty.
func (f *frameBuffer) space() []byte {
	switch {
	case f.r == f.w:
		f.r, f.w = 0, 0
		if len(f.buf) > max(f.small, keepBuffer) {
			f.buf = make([]byte, f.small)
		}
	case f.w == len(f.buf) && f.r > 0, f.r > len(f.buf)/2:
		f.w = copy(f.buf, f.buf[f.r:f.w])
		f.r = 0
	}
	if f.w == len(f.buf) {
		buf := make([]byte, 2*len(f.buf))
		copy(buf, f.buf)
		f.buf = buf
	}
	return f.buf[f.w:]
}

// got tells that n bytes were read into space.
func (f *frameBuffer) got(n int) { f.w += n }

// partial tells whether a frame has begun to arrive.
func (f *frameBuffer) partial() bool { return f.w > f.r }
