// Package ntlm is the client's side of NTLMv2 ([MS-NLMP]) as WinRM needs it: token
// in, token out, then messages that are sealed and opened. It knows no HTTP.
//
// Why it is written here and not taken from a library:
//   - bodgit/ntlmssp cannot be told the flags and the fields that gss-ntlmssp and
//     Samba insist on, nor the target's name and the empty channel bindings.
//   - oiweiwei/go-msrpc v1.2.0 passes both acceptors. It panics on a challenge whose
//     time is cut off, which whoever answers at the address can send, and adds some
//     fifty packages to the binary, a second Kerberos library among them.
//   - NTLMv2 alone, without the older kinds that nothing here may fall back to, is
//     some 350 lines, which the tests try against acceptors that nobody here wrote.
package ntlm
