"""Datasets of garments, and the augmentation that MMPose does not have."""

from .fashionai import FashionAIDataset
from .garment_dataset import GarmentDataset
from .transforms import RandomRotation

__all__ = ['FashionAIDataset', 'GarmentDataset', 'RandomRotation']
