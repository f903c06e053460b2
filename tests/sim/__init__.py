"""The whole hall in virtual time, with everything that goes wrong, from seeds.

Hub, nodes, stores and boards are the real ones; broker, wire, disk and clocks are this package's.
`world` joins them, `people` is what is done in it, `faults` what goes wrong, `oracle` what must
hold all the same, `run` one seed from start to verdict, `sabotage` the bugs that prove the oracle.
"""
