# The same in every school: one pool for each room.
terraform {
  required_providers {
    timago = {
      source  = "timago/timago"
      version = "~> 0.1.0"
    }
  }
}

variable "rooms" {
  type        = set(string)
  description = "Rooms whose stations take part, as the inventory writes them (Standort)."
}

variable "wake_broadcast" {
  type        = map(string)
  default     = {}
  description = "Broadcast address of a room's network, by room; a room without one is not switched on."
}

resource "timago_activation_pool" "room" {
  for_each = var.rooms

  name          = each.key
  location      = each.key
  early_renewal = "168h"

  cycle = {
    when_in_use    = "skip"
    wake_broadcast = lookup(var.wake_broadcast, each.key, null)
  }
}

output "status" {
  value       = { for room, pool in timago_activation_pool.room : room => pool.status }
  description = "Status of every room."
}
