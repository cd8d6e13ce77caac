package dist

import "strings"

// Flags is what a node can do, as it says in the handshake ("Distribution Flags" of the OTP protocol guide). What two
// nodes may use on a link is what both have.
type Flags uint64

// The flags that matter on the wire. Obsolete ones and those internal to the BEAM are left out.
const (
	FlagPublished          Flags = 0x1
	FlagExtendedReferences Flags = 0x4
	FlagDistMonitor        Flags = 0x8
	FlagFunTags            Flags = 0x10
	FlagDistMonitorName    Flags = 0x20
	FlagNewFunTags         Flags = 0x80
	FlagExtendedPidsPorts  Flags = 0x100
	FlagExportPtrTag       Flags = 0x200
	FlagBitBinaries        Flags = 0x400
	FlagNewFloats          Flags = 0x800
	FlagUnicodeIO          Flags = 0x1000
	FlagDistHdrAtomCache   Flags = 0x2000
	FlagSmallAtomTags      Flags = 0x4000
	FlagUTF8Atoms          Flags = 0x10000
	FlagMapTag             Flags = 0x20000
	FlagBigCreation        Flags = 0x40000
	FlagSendSender         Flags = 0x80000
	FlagBigSeqtraceLabels  Flags = 0x100000
	FlagExitPayload        Flags = 0x400000
	FlagFragments          Flags = 0x800000
	FlagHandshake23        Flags = 0x1000000
	FlagUnlinkID           Flags = 0x2000000
	FlagMandatory25Digest  Flags = 0x4000000
	FlagSpawn              Flags = 1 << 32
	FlagNameMe             Flags = 1 << 33
	FlagV4NC               Flags = 1 << 34
	FlagAlias              Flags = 1 << 35
	FlagAltactSig          Flags = 1 << 37
	FlagNativeRecords      Flags = 1 << 38
)

const (
	// Mandatory is what a peer must have for us to talk to it: what OTP 23 has always sent.
	Mandatory = FlagExtendedReferences | FlagExtendedPidsPorts | FlagUTF8Atoms | FlagNewFunTags | FlagBigCreation

	// Mandatory25 is what FlagMandatory25Digest stands for (DFLAG_DIST_MANDATORY_25).
	Mandatory25 = Mandatory | FlagFunTags | FlagNewFloats | FlagMapTag | FlagExportPtrTag | FlagBitBinaries | FlagHandshake23

	// Hidden is all that this package speaks: the flags of OTP 29, for a hidden node.
	Hidden = Mandatory25 | FlagDistMonitor | FlagDistMonitorName | FlagUnicodeIO | FlagDistHdrAtomCache |
		FlagSmallAtomTags | FlagSendSender | FlagBigSeqtraceLabels | FlagExitPayload | FlagFragments | FlagUnlinkID |
		FlagMandatory25Digest | FlagSpawn | FlagV4NC | FlagAlias | FlagAltactSig | FlagNativeRecords

	// Visible is Hidden for a node that shows in nodes().
	Visible = Hidden | FlagPublished
)

// Has reports whether all of want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// Expand adds what the digest flag stands for, as OTP 25 and later do before they compare.
func (f Flags) Expand() Flags {
	if f.Has(FlagMandatory25Digest) {
		f |= Mandatory25
	}
	return f
}

var flagNames = []struct {
	flag Flags
	name string
}{
	{FlagPublished, "PUBLISHED"},
	{FlagExtendedReferences, "EXTENDED_REFERENCES"},
	{FlagDistMonitor, "DIST_MONITOR"},
	{FlagFunTags, "FUN_TAGS"},
	{FlagDistMonitorName, "DIST_MONITOR_NAME"},
	{FlagNewFunTags, "NEW_FUN_TAGS"},
	{FlagExtendedPidsPorts, "EXTENDED_PIDS_PORTS"},
	{FlagExportPtrTag, "EXPORT_PTR_TAG"},
	{FlagBitBinaries, "BIT_BINARIES"},
	{FlagNewFloats, "NEW_FLOATS"},
	{FlagUnicodeIO, "UNICODE_IO"},
	{FlagDistHdrAtomCache, "DIST_HDR_ATOM_CACHE"},
	{FlagSmallAtomTags, "SMALL_ATOM_TAGS"},
	{FlagUTF8Atoms, "UTF8_ATOMS"},
	{FlagMapTag, "MAP_TAG"},
	{FlagBigCreation, "BIG_CREATION"},
	{FlagSendSender, "SEND_SENDER"},
	{FlagBigSeqtraceLabels, "BIG_SEQTRACE_LABELS"},
	{FlagExitPayload, "EXIT_PAYLOAD"},
	{FlagFragments, "FRAGMENTS"},
	{FlagHandshake23, "HANDSHAKE_23"},
	{FlagUnlinkID, "UNLINK_ID"},
	{FlagMandatory25Digest, "MANDATORY_25_DIGEST"},
	{FlagSpawn, "SPAWN"},
	{FlagNameMe, "NAME_ME"},
	{FlagV4NC, "V4_NC"},
	{FlagAlias, "ALIAS"},
	{FlagAltactSig, "ALTACT_SIG"},
	{FlagNativeRecords, "NATIVE_RECORDS"},
}

// String names the flags that are set, with a bar between them.
func (f Flags) String() string {
	var names []string
	for _, n := range flagNames {
		if f.Has(n.flag) {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, "|")
}
