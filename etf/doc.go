// Package etf reads and writes the external term format of Erlang, and moves Go values into terms and back.
//
// # Terms
//
// A term is an any that holds one of these types:
//
//	int64, *big.Int   integer (*big.Int only where int64 is too small)
//	float64           float, always finite
//	gen.Atom          atom, also true, false, undefined and nil
//	[]byte            binary
//	BitString         binary whose last byte is used in part
//	Tuple             {A, B}
//	List              [A, B], also what Erlang calls a string
//	ImproperList      [A, B | C]
//	Map               #{K => V}, in the order of the wire
//	gen.PID, gen.Ref  process identifier, reference
//	Port              port identifier
//	Fun, Export       fun of a module, fun M:F/A
//	Record            native record of OTP 29
//
// A [Decoder] makes only these. An [Encoder] takes them and, on the same fast path, Go's own int types, float32, bool,
// string (a binary), []any (a list), nil (the atom undefined), gen.Alias (a reference) and gen.ProcessID (the tuple
// {Name, Node}); any other value goes through [Marshal] first. [Equal] compares terms as =:= does, [Format] prints
// them and [ParseText] reads them as Erlang text, [Unmarshal] puts a term into a Go value.
//
// # Node identity
//
// The Erlang node identity has other ranges than the one of the Ergo runtime. An [Identity] says which node is our own,
// and the Decoder and Encoder that carry it turn pids and references of that node from one form into the other.
//
// # Safety
//
// Input is never trusted. Every length and count is held against the bytes that are left and against [Limits] before
// anything is allocated; memory used is a small multiple of the input. A term whose map has the same key twice, an atom
// that is not UTF-8 and a float that is not finite are errors. Errors carry the place: see [DecodeError].
//
// # Concurrency and cancellation
//
// Nothing here blocks, waits or starts a goroutine, so nothing takes a context. Functions may be called from any
// goroutine; a Decoder or Encoder belongs to one goroutine at a time.
//
// # Missing
//
// The old FUN_EXT (tag 117) and LOCAL_EXT (tag 121), which no node sends to another, are refused. Terms are not written
// compressed. Floats are ordered and compared by their bits, so 0.0 and -0.0 differ, as they do from OTP 27 on.
//
// The format is described in the ERTS User's Guide, chapter "External Term Format".
package etf
