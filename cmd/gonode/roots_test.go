package main

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFallbackRoots: there are certificates for where the system has none. They can be set but once.
func TestFallbackRoots(t *testing.T) {
	require.Panics(t, func() { x509.SetFallbackRoots(x509.NewCertPool()) })
}
