// Package file is a strategy for nodes that are listed in a file, which somebody or something else keeps up to date.
//
// The file is a list as package nodelist reads it: one node a line, or JSON. It is read at an interval and compared,
// rather than watched by the operating system: that works on every file system, network and overlay ones too, and with
// editors, which put a new file in place of the old one, and Kubernetes, which changes a link above it. What changes takes
// effect when it has stood still for a moment.
//
// A file that is gone, can't be read or has an error in it keeps the nodes it had last.
package file
