package textfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Settle and rounds are how long, and how often, a file that changes is left alone before it is read again.
const (
	Settle = 100 * time.Millisecond
	rounds = 20
)

// File is a file that is read again and again. The zero value but for Path and Max is ready. It is for one goroutine.
type File struct {
	Path string
	Max  int // bytes

	last []byte
	read bool
}

// Read returns the content of the file. When it has changed, Read waits until it has stood still for Settle: many programs
// write a file in place, first empty, then half. A file that changes all the time, that is no regular file, or that has
// more than Max bytes is an error, and the next Read starts anew.
func (f *File) Read(ctx context.Context) ([]byte, error) {
	data, err := f.once()
	if err != nil {
		return nil, err
	}
	for range rounds {
		if f.read && bytes.Equal(data, f.last) {
			return data, nil
		}
		f.last, f.read = data, true
		select {
		case <-time.After(Settle):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if data, err = f.once(); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s changes all the time, so that it can't be read: write it under another name and rename it", f.Path)
}

// once reads the file.
func (f *File) once() ([]byte, error) {
	// A pipe or a device could make open wait for ever.
	info, err := os.Stat(f.Path)
	if err != nil {
		return nil, explain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file (%v)", f.Path, info.Mode().Type())
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, explain(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, int64(f.Max)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > f.Max {
		return nil, fmt.Errorf("%s has more than %d bytes", f.Path, f.Max)
	}
	return data, nil
}

// explain says what to do about a file that can't be read.
func explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: create it, or check the path; a relative one starts at the working directory", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: let the user who runs this read it, and enter the folders above it", err)
	}
	return err
}
