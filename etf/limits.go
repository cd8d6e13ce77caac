package etf

// Limits bounds what a Decoder accepts. A field that is not positive has the default named with it.
type Limits struct {
	// Depth is how deep tuples, lists, maps, records and funs may nest; 1024. The tail of a list does not nest.
	Depth int
	// Elements is how many elements all of them together may have in one term; 16 Mi. A map pair is two.
	Elements int
	// Size is how many bytes one term may take, also after it was uncompressed; 128 MiB.
	Size int
	// Digits is how many bytes the magnitude of an integer may take; 64 KiB.
	Digits int
}

const (
	defaultDepth    = 1024
	defaultElements = 16 << 20
	defaultSize     = 128 << 20
	defaultDigits   = 64 << 10

	// maxKeyMaps is how deep maps may nest in the keys of maps. Each level costs another pass over the key to find
	// duplicates, so it is not left to the sender.
	maxKeyMaps = 16
	// encodeDepth is how deep a term may nest that is encoded or printed. It is there to catch values that contain themselves.
	encodeDepth = 10_000
)

func (l Limits) withDefaults() Limits {
	or := func(n, standard int) int {
		if n > 0 {
			return n
		}
		return standard
	}
	return Limits{
		Depth: or(l.Depth, defaultDepth), Elements: or(l.Elements, defaultElements),
		Size: or(l.Size, defaultSize), Digits: or(l.Digits, defaultDigits),
	}
}
