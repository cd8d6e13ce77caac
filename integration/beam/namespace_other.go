//go:build !linux

package beam

import "errors"

// InNamespace is for Linux.
func InNamespace(name string, f func() error) error {
	if name != "" {
		return errors.ErrUnsupported
	}
	return f()
}
