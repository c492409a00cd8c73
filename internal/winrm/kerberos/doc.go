// Package kerberos is the client's side of Kerberos as WinRM needs it: an account's
// tickets, and security contexts (RFC 4121), token in, token out, then messages that
// are sealed and opened. It knows no HTTP, and the network to the KDCs is handed in.
//
// Tickets, messages and ciphers are gokrb5's. The exchanges with a KDC are made here
// and not by its client, which tries a password that the KDC refused a second time,
// knows no context, and loses the code of an error in its text; oiweiwei/go-msrpc
// v1.2.0 has the same exchanges, from a fork of it, and binds to no channel.
package kerberos
