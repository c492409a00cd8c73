# By computer name, or by client id; in direct mode by host name.
terraform import 'timago_station_kms.room["R101-PC01"]' R101-PC01
terraform import 'timago_station_kms.room["R101-PC02"]' 2d4d7fde-e2c3-4ad2-9e58-e55beca11f18
