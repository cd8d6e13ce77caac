// Package nodelist reads lists of nodes as people and programs write them: the form that the strategies file, exec and
// http have in common.
//
// A list is text with one node a line, or JSON. In text a line is a node's name, and after white space the host:port where
// it listens if epmd is not to be asked; a # at the start of a line or after white space begins a comment:
//
//	# the two in the cellar
//	a@db1.example.org
//	b@db2.example.org  10.0.0.2:9100
//
// In JSON it is an array of names, or of objects with name and address:
//
//	["a@db1.example.org", {"name": "b@db2.example.org", "address": "10.0.0.2:9100"}]
//
// A list with one bad entry is refused as a whole, with an *Error that has the line: half a list must not look like a
// smaller cluster. A list of no nodes is a list.
package nodelist
