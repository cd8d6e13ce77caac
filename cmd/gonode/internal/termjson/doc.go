// Package termjson turns Erlang terms into JSON and back.
//
// A Form says how. Plain is for people and their scripts: atoms and binaries are strings, tuples and lists are arrays, so
// that what comes out looks as one would write it by hand; it can't be read back as the same term. Exact can: what JSON
// has no word for is an object with one member whose name begins with $.
//
//	Erlang                      Plain                       Exact
//	1, 1.5                      1, 1.5                      1, 1.5
//	true, false, null           true, false, null           true, false, null
//	ok                          "ok"                        {"$atom":"ok"}
//	<<"text">>                  "text"                      "text"
//	<<255>>                     {"$binary":"/w=="}          {"$binary":"/w=="}
//	[1, a]                      [1,"a"]                     [1,{"$atom":"a"}]
//	{ok, 1}                     ["ok",1]                    {"$tuple":[{"$atom":"ok"},1]}
//	#{<<"k">> => 1}             {"k":1}                     {"k":1}
//	#{k => 1}                   {"k":1}                     {"$map":[[{"$atom":"k"},1]]}
//	[1 | 2]                     [1,2]                       {"$improper":[1,2]}
//	a pid, reference, fun, ...  its text                    {"$etf":"g1h...","text":"<a@h.1.0>"}
//
// A map two of whose keys look the same has the Exact form in Plain too. Parse reads both: strings are binaries, objects
// are maps with binaries as keys, and the $ forms are what they stand for.
package termjson
