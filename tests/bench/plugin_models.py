"""Models small enough to export in a second, registered as a user would: from a file of one's own."""

import torch
from outfitbench.models import ModelOptions, OutfitModel, register_model
from torch import Tensor, nn

WIDTH, HEADS = 16, 2


class Tiny(OutfitModel):
    """A convolution, one attention over the items by PyTorch's fused kernel, and a user's vector."""

    def __init__(self, options: ModelOptions) -> None:
        super().__init__()
        self.num_users = options.num_users
        self.feature_size = WIDTH
        self.input_kind, self.input_size = options.input_kind, 16
        self.backbone_name = "one convolution"
        self.convolution = nn.Conv2d(3, WIDTH, 3, stride=2)
        self.norm = nn.BatchNorm2d(WIDTH)
        self.users = nn.Embedding(options.num_users, WIDTH)

    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        return torch.relu(self.norm(self.convolution(images))).mean((2, 3)) + categories[:, None]

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        heads = features.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        worn = (categories >= 0)[:, None, None, :]
        mixed = nn.functional.scaled_dot_product_attention(heads, heads, heads, attn_mask=worn)
        return (mixed.transpose(1, 2).flatten(2).mean(1) * self.users(users)).sum(-1)


class Headed(Tiny):
    """Encodes with fully connected layers wide enough to be compressed, and scores by a cosine."""

    def __init__(self, options: ModelOptions) -> None:
        super().__init__(options)
        wide = [nn.Linear(WIDTH, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU()]
        self.head = nn.Sequential(*wide, nn.Linear(256, WIDTH))

    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        return self.head(super().encode_items(images, categories))

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        worn = (categories >= 0).unsqueeze(-1)
        outfits = self.head((features * worn).sum(1))
        return (
            nn.functional.normalize(outfits, dim=-1) * nn.functional.normalize(self.users(users), dim=-1)
        ).sum(-1)


class Noisy(Tiny):
    """Never gives the same answer twice."""

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        return super().score(users, features, categories) + torch.rand(users.shape)


class Recurrent(Tiny):
    """Reads the outfit with an LSTM."""

    def __init__(self, options: ModelOptions) -> None:
        super().__init__(options)
        self.reader = nn.LSTM(WIDTH, WIDTH, batch_first=True)

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        return self.reader(features)[0][:, -1].sum(-1)


class Banked(Tiny):
    """Weighs an outfit against the items of a bank."""

    def score_among(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        return self.score(users, features, categories) - (features.mean(1) @ bank.mT).logsumexp(-1)


class Fused(Tiny):
    """Calls a fused kernel by its own name, past every switch that would take it apart."""

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        heads = features.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        return fused(heads, heads, heads)[0].sum((1, 2, 3))


class Branching(Tiny):
    """Decides in Python by what a tensor holds."""

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        scores = super().score(users, features, categories)
        return scores if scores.sum() > 0 else -scores


class Shapeless(Tiny):
    """Gives three scores, however many outfits it is asked of."""

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        return torch.zeros(3)


register_model("tiny")(Tiny)
register_model("tiny-headed")(Headed)
register_model("tiny-noisy")(Noisy)
register_model("tiny-recurrent")(Recurrent)
register_model("tiny-banked")(Banked)
register_model("tiny-fused")(Fused)
register_model("tiny-branching")(Branching)
register_model("tiny-shapeless")(Shapeless)
