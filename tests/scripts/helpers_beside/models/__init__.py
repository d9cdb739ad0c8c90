from .resnet import resnet_tiny

REGISTRY = {"resnet_tiny": resnet_tiny}


def build_model(name, **kwargs):
    return REGISTRY[name](**kwargs)
