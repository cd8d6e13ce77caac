package main

// In a container without a file system of its own there are no certificates: those of Mozilla are used where the system has
// none.
import _ "golang.org/x/crypto/x509roots/fallback"
