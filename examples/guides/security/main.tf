terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

# Kerberos: a logon is good for one machine alone. TLS: nobody in between reads, changes or
# pretends to be a machine.
provider "timago" {
  winrm = {
    auth           = "kerberos"
    username       = "kms-stations@SCHULE.EXAMPLE"
    domain_suffix  = "schule.example"
    use_tls        = true
    ca_certificate = file("${path.module}/schule-ca.pem")
    kerberos       = { keytab = "/etc/timago/kms-stations.keytab" }
  }

  kms = {
    host = "kms01.schule.example" # named, so that no station says where the account goes

    # The KMS host has an account of its own, which opens no station.
    winrm = {
      auth           = "kerberos"
      username       = "kms-host@SCHULE.EXAMPLE"
      use_tls        = true
      ca_certificate = file("${path.module}/schule-ca.pem")
      kerberos       = { keytab = "/etc/timago/kms-host.keytab" }
    }
  }
}
