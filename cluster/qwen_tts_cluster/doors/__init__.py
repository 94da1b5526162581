"""How clients come in: each module is one protocol."""
