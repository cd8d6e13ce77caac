// Package output writes what a command has found, in the form that the user asked for.
//
// The nouns: a Format is one of table, wide, json, ndjson, yaml, name and erl. A View says how values of one type look:
// its columns, its line of text, its name. A Printer is where to and in which Format. List writes all values at once, One
// a single one, and a Stream one after the other as they come.
//
// JSON is stable: every value has a "v", the Version, which changes when a member goes or means something else, not when
// one is added. A list is {"v":1,"kind":"...","items":[...]}; ndjson has each item on a line of its own with its "v"; a
// stream has json and ndjson alike. yaml and erl say the same as json: a YAML document each, a term with a full stop each,
// so that file:consult/1 reads the output.
package output
