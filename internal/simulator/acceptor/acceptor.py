"""Accepts security contexts with an implementation that nobody here wrote.

Usage: acceptor.py gss-ntlmssp|mit|samba

One JSON object a line comes in, one goes out for each:

  {"context": 1, "do": "accept", "token": B64, "bindings": B64}  -> {"token": B64, "done": true, "user": "..."}
  {"context": 1, "do": "unwrap", "token": B64}                   -> {"token": B64}
  {"context": 1, "do": "wrap", "token": B64, "rotated": true}    -> {"token": B64}
  {"context": 1, "do": "end"}                                    -> {}

and {"error": "..."} for what fails. Account and keys come from the environment
that the implementation itself reads: NTLM_USER_FILE, KRB5_KTNAME, and for Samba
ACCEPTOR_DOMAIN, ACCEPTOR_USERS, ACCEPTOR_PASSWORD and ACCEPTOR_DIR.
"""

import base64
import json
import os
import sys

NOT_INSTALLED = 3  # exit code


class Gssapi:
    """What python3-gssapi offers: MIT Kerberos itself, and gss-ntlmssp as its plug-in."""

    def __init__(self, mechanism):
        import gssapi
        import gssapi.raw

        self.gssapi = gssapi
        wanted = gssapi.OID.from_int_seq(mechanism)
        if wanted not in gssapi.raw.indicate_mechs():
            raise ImportError("GSS has no such mechanism")
        self.credentials = gssapi.Credentials(usage="accept", mechs=[wanted])

    def open(self, bindings):
        channel = None
        if bindings is not None:
            from gssapi.raw import ChannelBindings

            channel = ChannelBindings(application_data=bindings)
        return self.gssapi.SecurityContext(creds=self.credentials, usage="accept", channel_bindings=channel)

    def accept(self, context, token):
        answer = context.step(token)
        user = str(context.initiator_name) if context.complete else ""
        return answer or b"", context.complete, user

    def unwrap(self, context, token):
        opened = context.unwrap(token)
        if not opened.encrypted:
            raise ValueError("the message was signed, not sealed")
        return opened.message

    def wrap(self, context, message, rotated):
        if not rotated:
            return context.wrap(message, True).message
        # As Windows does: what is not the message's own ciphertext comes first.
        from gssapi.raw import IOV, IOVBufferType, wrap_iov

        parts = IOV(IOVBufferType.header, message, std_layout=False)
        wrap_iov(context, parts, confidential=True)
        return b"".join(part.value for part in parts)


class Samba:
    """Samba's gensec, over a directory that holds a few accounts."""

    def __init__(self):
        import samba
        from samba import auth, gensec, param
        from samba.credentials import Credentials
        from samba.dcerpc import misc, security
        from samba.ndr import ndr_pack
        from samba.samdb import SamDB
        import ldb

        if not os.path.exists(os.path.join(param.modules_dir(), "ldb", "rootdse.so")):
            raise ImportError("Samba's directory modules are missing")
        self.gensec, self.credentials = gensec, Credentials
        folder, domain = os.environ["ACCEPTOR_DIR"], os.environ["ACCEPTOR_DOMAIN"]
        users, password = os.environ["ACCEPTOR_USERS"].split("\n"), os.environ["ACCEPTOR_PASSWORD"]
        configuration = os.path.join(folder, "smb.conf")
        with open(configuration, "w") as file:
            file.write("[global]\nnetbios name = ACCEPTOR\nserver role = standalone server\nlog level = 0\n")
            file.write("workgroup = %s\n" % domain)
            for place in "private dir", "state directory", "cache directory", "lock directory", "ncalrpc dir":
                file.write("%s = %s\n" % (place, folder))
        loaded = param.LoadParm()
        loaded.load(configuration)

        # A domain made with samba-tool takes half a minute; the password check
        # needs no more than these entries.
        address, base = os.path.join(folder, "sam.ldb"), "DC=ACCEPTOR"
        directory = samba.Ldb(address, lp=loaded, options=["modules:"])
        directory.add_ldif(
            "dn: @ROOTDSE\ndefaultNamingContext: %s\nconfigurationNamingContext: %s\n\n"
            "dn: @ATTRIBUTES\nsAMAccountName: CASE_INSENSITIVE\nobjectClass: CASE_INSENSITIVE\n\n" % (base, base)
        )

        def add(name, attributes):
            entry = ldb.Message(ldb.Dn(directory, name))
            for attribute, value in attributes.items():
                entry[attribute] = ldb.MessageElement(value, ldb.FLAG_MOD_ADD, attribute)
            directory.add(entry)

        secret = Credentials()
        secret.set_anonymous()
        secret.set_password(password)
        never = str(2**63 - 1)
        add(base, {
            "objectClass": ["top", "domain"], "objectSid": ndr_pack(security.dom_sid("S-1-5-21-1-2-3")),
            "msDS-LogonTimeSyncInterval": "0",
        })
        add("CN=NTDS Settings," + base, {
            "objectClass": ["top", "nTDSDSA"], "objectGUID": ndr_pack(misc.GUID("11111111-2222-3333-4444-555555555556")),
        })
        for number, user in enumerate(users):
            add("CN=%d,%s" % (number, base), {
                "objectClass": ["top", "person", "user"], "sAMAccountName": user,
                "objectSid": ndr_pack(security.dom_sid("S-1-5-21-1-2-3-%d" % (1000 + number))),
                "objectGUID": ndr_pack(misc.GUID("11111111-2222-3333-4444-%012d" % number)),
                "primaryGroupID": "513", "unicodePwd": secret.get_nt_hash(), "userAccountControl": "66048",
                "msDS-User-Account-Control-Computed": "66048", "msDS-UserPasswordExpiryTimeComputed": never,
            })
        sam = SamDB(url=address, lp=loaded, session_info=auth.system_session(loaded),
                    options=["modules:rootdse,extended_dn_out_ldb"])
        sam.set_ntds_settings_dn("CN=NTDS Settings," + base)
        self.settings = {"lp_ctx": loaded, "target_hostname": "acceptor"}
        self.loaded, self.sam = loaded, sam  # the checker does not hold them itself
        self.checker = auth.AuthContext(lp_ctx=loaded, ldb=sam, methods=["sam_ignoredomain"])

    def open(self, bindings):
        if bindings is not None:
            raise ValueError("Samba's gensec takes no channel bindings from Python")
        context = self.gensec.Security.start_server(self.settings, auth_context=self.checker)
        own = self.credentials()
        own.guess(self.loaded)
        own.set_anonymous()
        context.set_credentials(own)
        context.want_feature(self.gensec.FEATURE_SEAL)
        context.start_mech_by_name("ntlmssp")
        return context

    def accept(self, context, token):
        done, answer = context.update(token)
        return answer or b"", done, "somebody" if done else ""  # its session does not tell

    def unwrap(self, context, token):
        return context.unwrap(token)

    def wrap(self, context, message, rotated):
        return context.wrap(message)


def main():
    kind = sys.argv[1]
    try:
        if kind == "samba":
            acceptor = Samba()
        else:
            acceptor = Gssapi({"mit": "1.2.840.113554.1.2.2", "gss-ntlmssp": "1.3.6.1.4.1.311.2.2.10"}[kind])
    except ImportError as missing:
        print(missing, file=sys.stderr)
        sys.exit(NOT_INSTALLED)
    contexts = {}

    def serve(request):
        number, do = request["context"], request["do"]
        token = base64.b64decode(request.get("token", ""))
        if do == "end":
            contexts.pop(number, None)
            return {}
        if do == "accept":
            if number not in contexts:
                bindings = request.get("bindings")
                contexts[number] = acceptor.open(None if bindings is None else base64.b64decode(bindings))
            answer, done, user = acceptor.accept(contexts[number], token)
            return {"token": base64.b64encode(answer).decode(), "done": done, "user": user}
        if do == "unwrap":
            answer = acceptor.unwrap(contexts[number], token)
        else:
            answer = acceptor.wrap(contexts[number], token, request.get("rotated", False))
        return {"token": base64.b64encode(answer).decode()}

    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        try:
            answer = serve(json.loads(line))
        except Exception as error:
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(answer), flush=True)


main()
