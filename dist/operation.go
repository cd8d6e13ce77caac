package dist

// field is one element of a control tuple after the operation.
type field uint8

const (
	fieldUnused     field = iota // '', once the cookie
	fieldFrom                    // pid
	fieldFromAny                 // pid, or the name that was monitored
	fieldTo                      // pid
	fieldToName                  // atom
	fieldToAny                   // pid or name
	fieldToAlias                 // reference
	fieldRef                     // reference
	fieldID                      // 64 bits, not 0
	fieldReason                  // any term, kept in Signal.Message
	fieldToken                   // any term
	fieldLeader                  // pid
	fieldMFA                     // {Module, Function, Arity}
	fieldOptions                 // list
	fieldSpawnFlags              // 32 bits
	fieldResult                  // pid or atom
	fieldAltFlags                // the bits below
	fieldAltTo                   // pid, name or alias, as the bits say
	fieldCount
)

// The flags of ALTACT_SIG_SEND. Others are for later releases and of no meaning to us.
const (
	altPriority = 1
	altToken    = 2
	altAlias    = 4
	altName     = 8
	altExit     = 16
)

// The operations, as "Protocol between Connected Nodes" numbers them.
const (
	opLink               = 1
	opSend               = 2
	opExit               = 3
	opUnlink             = 4
	opRegSend            = 6
	opGroupLeader        = 7
	opExit2              = 8
	opSendTT             = 12
	opExitTT             = 13
	opRegSendTT          = 16
	opExit2TT            = 18
	opMonitorP           = 19
	opDemonitorP         = 20
	opMonitorPExit       = 21
	opSendSender         = 22
	opSendSenderTT       = 23
	opPayloadExit        = 24
	opPayloadExitTT      = 25
	opPayloadExit2       = 26
	opPayloadExit2TT     = 27
	opPayloadMonitorExit = 28
	opSpawnRequest       = 29
	opSpawnRequestTT     = 30
	opSpawnReply         = 31
	opSpawnReplyTT       = 32
	opAliasSend          = 33
	opAliasSendTT        = 34
	opUnlinkID           = 35
	opUnlinkIDAck        = 36
	opAltactSigSend      = 37
	opCount              = 38
)

// operation is the shape of one control tuple, for both directions.
type operation struct {
	code    uint8
	kind    Kind
	traced  uint8 // the operation with a trace token for the same, 0 if there is none
	payload bool  // a message term follows the tuple
	fields  []field
}

// operations is the table of all that is understood, by code. A kind of KindInvalid marks what is not; NODE_LINK (5)
// is among those, as OTP drops a link that sends it.
var operations = [opCount]operation{
	opLink:           {opLink, KindLink, 0, false, []field{fieldFrom, fieldTo}},
	opSend:           {opSend, KindSend, opSendTT, true, []field{fieldUnused, fieldTo}},
	opExit:           {opExit, KindExit, opExitTT, false, []field{fieldFrom, fieldTo, fieldReason}},
	opUnlink:         {opUnlink, KindUnlink, 0, false, []field{fieldFrom, fieldTo}},
	opRegSend:        {opRegSend, KindSend, opRegSendTT, true, []field{fieldFrom, fieldUnused, fieldToName}},
	opGroupLeader:    {opGroupLeader, KindGroupLeader, 0, false, []field{fieldLeader, fieldTo}},
	opExit2:          {opExit2, KindExit2, opExit2TT, false, []field{fieldFrom, fieldTo, fieldReason}},
	opSendTT:         {opSendTT, KindSend, 0, true, []field{fieldUnused, fieldTo, fieldToken}},
	opExitTT:         {opExitTT, KindExit, 0, false, []field{fieldFrom, fieldTo, fieldToken, fieldReason}},
	opRegSendTT:      {opRegSendTT, KindSend, 0, true, []field{fieldFrom, fieldUnused, fieldToName, fieldToken}},
	opExit2TT:        {opExit2TT, KindExit2, 0, false, []field{fieldFrom, fieldTo, fieldToken, fieldReason}},
	opMonitorP:       {opMonitorP, KindMonitor, 0, false, []field{fieldFrom, fieldToAny, fieldRef}},
	opDemonitorP:     {opDemonitorP, KindDemonitor, 0, false, []field{fieldFrom, fieldToAny, fieldRef}},
	opMonitorPExit:   {opMonitorPExit, KindDown, 0, false, []field{fieldFromAny, fieldTo, fieldRef, fieldReason}},
	opSendSender:     {opSendSender, KindSend, opSendSenderTT, true, []field{fieldFrom, fieldTo}},
	opSendSenderTT:   {opSendSenderTT, KindSend, 0, true, []field{fieldFrom, fieldTo, fieldToken}},
	opPayloadExit:    {opPayloadExit, KindExit, opPayloadExitTT, true, []field{fieldFrom, fieldTo}},
	opPayloadExitTT:  {opPayloadExitTT, KindExit, 0, true, []field{fieldFrom, fieldTo, fieldToken}},
	opPayloadExit2:   {opPayloadExit2, KindExit2, opPayloadExit2TT, true, []field{fieldFrom, fieldTo}},
	opPayloadExit2TT: {opPayloadExit2TT, KindExit2, 0, true, []field{fieldFrom, fieldTo, fieldToken}},

	opPayloadMonitorExit: {opPayloadMonitorExit, KindDown, 0, true, []field{fieldFromAny, fieldTo, fieldRef}},

	opSpawnRequest: {opSpawnRequest, KindSpawnRequest, opSpawnRequestTT, true,
		[]field{fieldRef, fieldFrom, fieldLeader, fieldMFA, fieldOptions}},
	opSpawnRequestTT: {opSpawnRequestTT, KindSpawnRequest, 0, true,
		[]field{fieldRef, fieldFrom, fieldLeader, fieldMFA, fieldOptions, fieldToken}},
	opSpawnReply: {opSpawnReply, KindSpawnReply, opSpawnReplyTT, false,
		[]field{fieldRef, fieldTo, fieldSpawnFlags, fieldResult}},
	opSpawnReplyTT: {opSpawnReplyTT, KindSpawnReply, 0, false,
		[]field{fieldRef, fieldTo, fieldSpawnFlags, fieldResult, fieldToken}},

	opAliasSend:   {opAliasSend, KindSend, opAliasSendTT, true, []field{fieldFrom, fieldToAlias}},
	opAliasSendTT: {opAliasSendTT, KindSend, 0, true, []field{fieldFrom, fieldToAlias, fieldToken}},
	opUnlinkID:    {opUnlinkID, KindUnlinkID, 0, false, []field{fieldID, fieldFrom, fieldTo}},
	opUnlinkIDAck: {opUnlinkIDAck, KindUnlinkAck, 0, false, []field{fieldID, fieldFrom, fieldTo}},

	// The kind is KindExit2 if the flags say so, and a token may follow.
	opAltactSigSend: {opAltactSigSend, KindSend, 0, true, []field{fieldAltFlags, fieldFrom, fieldAltTo}},
}

// ownSender tells of which kinds a signal must come from a process of the node that sends it: OTP drops the link if
// one does not.
var ownSender = [kindCount]bool{
	KindLink: true, KindExit: true, KindExit2: true, KindMonitor: true, KindDemonitor: true, KindUnlinkID: true,
}
