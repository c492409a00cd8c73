# <name>@<kms_host>/stations=<pc1>,<pc2>,… or <name>@<kms_host>/location=<room>
terraform import timago_activation_pool.r101 'R101@kms01.schule.example/stations=R101-PC01,R101-PC02,R101-PC03,R101-PC04,R101-PC05'
