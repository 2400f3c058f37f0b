"""What every product's routes and sockets share: routing, parameters, security, responses, fan-out."""
