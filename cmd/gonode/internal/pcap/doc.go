// Package pcap takes TCP conversations out of packet captures, as tcpdump and Wireshark write them: pcap and pcapng.
//
// The nouns: a Conversation is one TCP connection, with a Stream for each direction: its bytes in order, and when each of
// them was seen. What was captured twice counts once, what came out of order is put in order, and a Stream ends where
// bytes are missing (Gap).
//
// Link types: Ethernet with VLAN tags, loopback of BSD, raw IP, and Linux "any" in both forms. Fragments of IP are not put
// together. Memory is bounded by the size that the caller allows.
package pcap
