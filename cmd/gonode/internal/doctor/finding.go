package doctor

import (
	"time"
)

// Level says how a finding is to be taken.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Note Level = "note" // nothing wrong by itself
	Warn Level = "warn" // may be what is wrong
	Bad  Level = "bad"  // is wrong
)

// The causes of findings that are not OK.
const (
	CauseNameForm      = "name_form"      // a long and a short name
	CauseDNS           = "dns"            // the host has no address
	CauseHostLoopback  = "host_loopback"  // the own host name leads to loopback only
	CauseNoEPMD        = "no_epmd"        // nothing listens on epmd's port
	CauseEPMDLoopback  = "epmd_loopback"  // epmd listens on loopback only
	CauseEPMDFiltered  = "epmd_filtered"  // no answer from epmd's port
	CauseEPMD          = "epmd"           // epmd fails otherwise
	CauseNotRegistered = "not_registered" // epmd does not know the node
	CausePortClosed    = "port_closed"    // nothing listens where epmd says
	CausePortFiltered  = "port_filtered"  // no answer from there
	CauseHangs         = "node_hangs"     // it takes connections and does not answer
	CauseTLS           = "tls"            // TLS on one side only
	CauseNotErlang     = "not_erlang"     // what listens there is no node
	CauseWrongName     = "wrong_name"     // the node there has another name
	CauseCookie        = "cookie"         // the cookies differ
	CauseFlags         = "flags"          // one lacks what the other needs
	CauseNotAllowed    = "not_allowed"    // net_kernel:allow/1
	CauseNameInUse     = "name_in_use"    // another node has our name
	CauseHandshake     = "handshake"      // it fails otherwise
	CauseHidden        = "hidden"         // a hidden node is not in nodes()
	CauseNoBEAM        = "no_beam"        // it can't be asked more
	CauseTickTime      = "net_ticktime"   // members differ
	CauseMeshHole      = "mesh_hole"      // members that do not see each other
	CauseConnectAll    = "connect_all"    // -connect_all false
	CauseOverlapping   = "prevent_overlapping_partitions"
	CauseMulticast     = "multicast"   // no interface that can do it
	CauseUnreachable   = "unreachable" // the network between
)

// Finding is one thing that was looked at.
type Finding struct {
	Level   Level
	Check   string // what was looked at: name, dns, epmd, tcp, handshake, mesh, ...
	Subject string // a node, a host, or "" for this host
	Cause   string // empty if all is well
	Text    string
	Fix     string // what to do
	Err     error  // what failed, if something did
}

// Doctor is who looks. Its fields must not change meanwhile.
type Doctor struct {
	Self     string        // the name that this side has
	Cookie   string        // never in a finding
	EPMDPort int           // 0 is 4369
	Step     time.Duration // how long each step may take
}

func ok(check, subject, text string) Finding {
	return Finding{Level: OK, Check: check, Subject: subject, Text: text}
}

func bad(check, subject, cause, text, fix string, err error) Finding {
	return Finding{Level: Bad, Check: check, Subject: subject, Cause: cause, Text: text, Fix: fix, Err: err}
}
