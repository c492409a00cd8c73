package main

import (
	"fmt"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/simulator"
)

const required = `terraform {
  required_providers {
    timago = { source = "` + provider.Source + `" }
  }
}
`

func overrides(dir string) string {
	return fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", provider.Source, dir)
}

// directMode is what a site would write, but for the addresses. Timeouts are of this
// machine's time, which runs slower than the site's.
func directMode(ready simulator.Ready) string {
	var stations strings.Builder
	for _, station := range ready.Stations {
		fmt.Fprintf(&stations, "    %q, # %s\n", station.Address, station.Name)
	}
	return required + fmt.Sprintf(`
provider "timago" {
  winrm = { username = %q }
  kms   = { host = %q }
}

resource "timago_activation_pool" "r101" {
  name = "R101"
  stations = [
%s  ]
  cycle = { station_timeout = "30s" }
}

output "r101" {
  value = timago_activation_pool.r101.status
}
`, ready.WinRM.Username, ready.KMSHost, stations.String())
}

// apiMode is the same for a classroom in API mode.
func apiMode(ready simulator.Ready, ca string) string {
	return required + fmt.Sprintf(`
provider "timago" {
  endpoint       = %q
  ca_certificate = file(%q)
  winrm          = { username = %q, use_tls = %t, insecure_skip_verify = %t }
  kms            = { host = %q }
}

data "timago_stations" "room" {
  location = "R101"
}

resource "timago_station_kms" "room" {
  for_each = toset(data.timago_stations.room.names)
  station  = each.key
}

resource "timago_activation_pool" "r101" {
  name     = "R101"
  stations = [for s in timago_station_kms.room : s.station]
  cycle    = { station_timeout = "60s" }
}

output "r101" {
  value = timago_activation_pool.r101.status
}
`, ready.Endpoint, ca, ready.WinRM.Username, ready.WinRM.UseTLS, ready.WinRM.UseTLS, ready.KMSHost)
}

// hostFile is where kmsHost stands.
const hostFile = "host.tf"

// kmsHost is added when all else is told: its values move, and a moving output is a change.
const kmsHost = `
data "timago_kms_host" "site" {}

output "kms_host" {
  value = {
    clock       = data.timago_kms_host.site.clock
    count       = data.timago_kms_host.site.windows.count
    threshold   = data.timago_kms_host.site.windows.threshold
    renewal_due = data.timago_kms_host.site.windows.renewal_due
    forecast    = data.timago_kms_host.site.windows.forecast
  }
}
`
